//! A real Chromium, one at a time, driven over WebDriver as a person would: by what stands on buttons and beside fields.

use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tokio::sync::{Mutex, MutexGuard};

use super::eventually;
use super::http::Http;

/// Two Chromiums on two cores slow each other down to their time-outs.
static ONE_AT_A_TIME: Mutex<()> = Mutex::const_new(());

/// How a window looks and whom it claims to serve.
#[derive(Clone, Copy)]
pub struct Look {
    /// Begins the names of the screenshots.
    pub name: &'static str,
    pub width: u32,
    pub height: u32,
    pub phone: bool,
    pub dark: bool,
    /// The browser's language.
    pub locale: &'static str,
}

/// A browser with its windows.
pub struct Browser {
    http: Http,
    /// `/session/<id>`, where every command of WebDriver goes.
    session: String,
    driver: Child,
    look: Look,
    shots: u32,
    _alone: MutexGuard<'static, ()>,
}

impl Browser {
    /// Starts one in this language, its first window with this look.
    pub async fn starts(look: Look) -> Self {
        let alone = ONE_AT_A_TIME.lock().await;
        let mut command = Command::new("chromedriver");
        command.arg("--port=0").stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).process_group(0);
        let mut driver = command.spawn().expect("chromedriver is installed: ./tests/run does it");
        let mut lines = BufReader::new(driver.stdout.take().expect("piped")).lines().map_while(Result::ok);
        let started = lines
            .find_map(|line| line.split("successfully on port ").nth(1).and_then(|rest| rest.trim_end_matches('.').parse::<u16>().ok()));
        let port = started.expect("chromedriver says its port");
        let http = Http::of(&format!("http://127.0.0.1:{port}"));
        let session = http.post_json("/session", &[], &capabilities(look.locale)).await.json();
        let id = session["value"]["sessionId"].as_str().unwrap_or_else(|| panic!("Chromium does not start: {session}"));
        let mut browser = Self { http, session: format!("/session/{id}"), driver, look, shots: 0, _alone: alone };
        browser.must("POST", "/timeouts", json!({"script": 20_000, "pageLoad": 30_000, "implicit": 0})).await;
        browser.dresses(look).await;
        browser
    }

    /// Gives the present window another look.
    pub async fn dresses(&mut self, look: Look) {
        self.look = look;
        let metrics = json!({"width": look.width, "height": look.height, "deviceScaleFactor": 1, "mobile": look.phone});
        self.devtools("Emulation.setDeviceMetricsOverride", metrics).await;
        self.devtools("Emulation.setTouchEmulationEnabled", json!({"enabled": look.phone})).await;
        let scheme = if look.dark { "dark" } else { "light" };
        let still = json!({"name": "prefers-reduced-motion", "value": "reduce"});
        self.devtools("Emulation.setEmulatedMedia", json!({"features": [{"name": "prefers-color-scheme", "value": scheme}, still]})).await;
    }

    /// Lets pages know where the visitor is, as if a person had said yes.
    pub async fn stands_at(&self, latitude: f64, longitude: f64) {
        self.devtools("Browser.grantPermissions", json!({"permissions": ["geolocation"]})).await;
        self.devtools("Emulation.setGeolocationOverride", json!({"latitude": latitude, "longitude": longitude, "accuracy": 25})).await;
    }

    /// Runs a script in every page that the present window opens from now on, before any of the page's own.
    pub async fn prepares_pages(&self, script: &str) {
        self.devtools("Page.addScriptToEvaluateOnNewDocument", json!({"source": script})).await;
    }

    /// The cookies of all sites.
    pub async fn cookies(&self) -> Vec<String> {
        let all = self.devtools("Network.getAllCookies", json!({})).await;
        all["cookies"].as_array().into_iter().flatten().map(|cookie| cookie["name"].as_str().unwrap_or_default().to_owned()).collect()
    }

    /// Closes the present window, as its cross does.
    pub async fn closes_window(&self) {
        self.must("DELETE", "/window", Value::Null).await;
    }

    /// Opens another window with this look and goes there; gives its handle.
    pub async fn opens_window(&mut self, look: Look) -> String {
        let window = self.must("POST", "/window/new", json!({"type": "window"})).await;
        let handle = window["handle"].as_str().expect("a handle").to_owned();
        self.turns_to(&handle, look).await;
        handle
    }

    /// The present window's handle.
    pub async fn window(&self) -> String {
        self.must("GET", "/window", Value::Null).await.as_str().expect("a handle").to_owned()
    }

    /// Turns to a window, which gets (or keeps) this look.
    pub async fn turns_to(&mut self, window: &str, look: Look) {
        self.must("POST", "/window", json!({"handle": window})).await;
        self.dresses(look).await;
    }

    /// How the present window looks.
    pub const fn look(&self) -> Look {
        self.look
    }

    pub async fn goes_to(&self, url: &str) {
        self.must("POST", "/url", json!({"url": url})).await;
    }

    /// Enters the frame that the script finds.
    pub async fn enters_frame_by(&self, script: &str) {
        let frame = self.sees_by(script).await;
        self.must("POST", "/frame", json!({"id": frame.0})).await;
    }

    /// Leaves all frames.
    pub async fn leaves_frame(&self) {
        self.must("POST", "/frame", json!({"id": null})).await;
    }

    /// Waits until something that fits the selector is visible.
    pub async fn sees(&self, selector: &str) -> Element {
        eventually(selector, async || self.visible("css selector", selector).await).await
    }

    /// Waits until the script finds something visible: for what stands in a shadow tree.
    pub async fn sees_by(&self, script: &str) -> Element {
        eventually(script, async || {
            let element =
                Element(self.asks("POST", "/execute/sync", json!({"script": script, "args": []})).await.ok().filter(Value::is_object)?);
            self.is_shown(&element).await.then_some(element)
        })
        .await
    }

    /// Clicks what the script finds.
    pub async fn clicks_by(&self, script: &str) {
        let element = self.sees_by(script).await;
        eventually(script, async || self.click(&element).await).await;
    }

    /// Whether something that fits the selector is visible now.
    pub async fn shows(&self, selector: &str) -> bool {
        self.visible("css selector", selector).await.is_some()
    }

    /// Waits until nothing that fits the selector is visible any more.
    pub async fn sees_no(&self, selector: &str) {
        eventually(&format!("no {selector}"), async || self.visible("css selector", selector).await.is_none().then_some(())).await;
    }

    /// Waits until this text stands somewhere visible.
    pub async fn reads(&self, text: &str) -> Element {
        let path = format!("//*[text()[contains(normalize-space(.), {})]]", quoted(text));
        eventually(&format!("the text {text:?}"), async || self.visible("xpath", &path).await).await
    }

    /// Presses the button, link or tab with this name: its text, or its label where it shows only an icon.
    pub async fn presses(&self, name: &str) {
        let quoted = quoted(name);
        let kinds = "self::button or self::a or self::summary or self::label or @role='button' or @role='tab'";
        let path = format!("//*[{kinds}][normalize-space(.)={quoted} or @aria-label={quoted} or @title={quoted}]");
        eventually(&format!("a button {name:?}"), async || self.click(&self.visible("xpath", &path).await?).await).await;
    }

    /// Clicks what fits the selector.
    pub async fn clicks(&self, selector: &str) {
        eventually(selector, async || self.click(&self.visible("css selector", selector).await?).await).await;
    }

    /// Types into what fits the selector.
    pub async fn types(&self, selector: &str, text: &str) {
        let field = self.sees(selector).await;
        self.must("POST", &format!("/element/{}/value", field.id()), json!({"text": text})).await;
    }

    /// Empties the field and types anew.
    pub async fn fills(&self, selector: &str, text: &str) {
        let field = self.sees(selector).await;
        self.must("POST", &format!("/element/{}/clear", field.id()), json!({})).await;
        self.types(selector, text).await;
    }

    /// Presses one key where the focus is.
    pub async fn presses_key(&self, key: char) {
        let (down, up) = (json!({"type": "keyDown", "value": key}), json!({"type": "keyUp", "value": key}));
        self.must("POST", "/actions", json!({"actions": [{"type": "key", "id": "keyboard", "actions": [down, up]}]})).await;
    }

    /// Waits until the script answers this.
    pub async fn finds(&self, script: &str, expected: &Value) {
        let mut last = Value::Null;
        let search = async {
            while last != *expected {
                tokio::time::sleep(std::time::Duration::from_millis(5)).await;
                // A page that is just being opened answers nothing.
                last = self.asks("POST", "/execute/sync", json!({"script": script, "args": []})).await.unwrap_or(Value::Null);
            }
        };
        let found = tokio::time::timeout(super::CEILING, search).await;
        assert!(found.is_ok(), "{script} never answered {expected}; the last time it was {last}");
    }

    /// What a promise that the script makes comes to.
    pub async fn awaits(&self, promise: &str) -> Value {
        let script =
            format!("const done = arguments[arguments.length - 1]; Promise.resolve({promise}).then(done, (error) => done(String(error)))");
        self.must("POST", "/execute/async", json!({"script": script, "args": []})).await
    }

    /// Runs a script in the page; only to look, never to act.
    pub async fn looks(&self, script: &str) -> Value {
        self.must("POST", "/execute/sync", json!({"script": script, "args": []})).await
    }

    /// Saves what the window shows as `tests/shots/<look>-<number>-<name>.png`.
    pub async fn keeps_a_shot(&mut self, name: &str) {
        self.shots += 1;
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/shots");
        std::fs::create_dir_all(&folder).expect("a folder for the screenshots");
        let picture = self.must("GET", "/screenshot", Value::Null).await;
        let picture = STANDARD.decode(picture.as_str().expect("a picture")).expect("base64");
        std::fs::write(folder.join(format!("{}-{:02}-{name}.png", self.look.name, self.shots)), picture)
            .expect("a screenshot can be written");
    }

    /// Asks axe-core about the present page or frame: WCAG 2.0 to 2.2, A and AA.
    pub async fn meets_no_barrier(&self, screen: &str) {
        let axe = include_str!("../../vendor/axe-core/axe.min.js");
        self.looks(axe).await;
        let run = "const done = arguments[arguments.length - 1];
            const where = (node) => `${node.target} (${[...node.any, ...node.all].map((check) => check.message).join('; ')})`;
            axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'], iframes: false})
               .then((found) => done(found.violations.map((one) => `${one.id}: ${one.nodes.map(where).join(', ')}`)))
               .catch((error) => done([String(error)]));";
        let found = self.must("POST", "/execute/async", json!({"script": run, "args": []})).await;
        assert_eq!(found, json!([]), "{screen} ({}) has barriers: {found:#}", self.look.name);
    }

    /// Asserts that nothing is wider than the window.
    pub async fn needs_no_sideways_scrolling(&self, screen: &str) {
        let width = "return document.scrollingElement.scrollWidth - document.documentElement.clientWidth";
        let wide = self.looks(width).await;
        assert!(wide.as_i64().is_some_and(|pixels| pixels <= 0), "{screen} ({}) is {wide} px too wide", self.look.name);
        // A phone zooms out to what is too wide.
        let shown = self.looks("return innerWidth").await;
        assert!(
            shown.as_u64().is_some_and(|pixels| pixels <= self.look.width.into()),
            "{screen} ({}) is shown {shown} px wide",
            self.look.name
        );
    }

    /// What the present window's console has said since the last time: errors only.
    pub async fn complaints(&self) -> Vec<String> {
        let entries = self.must("POST", "/se/log", json!({"type": "browser"})).await;
        let severe = entries.as_array().into_iter().flatten().filter(|entry| entry["level"] == "SEVERE");
        severe.map(|entry| entry["message"].as_str().unwrap_or_default().to_owned()).collect()
    }

    /// Ends it.
    pub async fn ends(self) {
        self.asks("DELETE", "", Value::Null).await.ok();
    }

    async fn visible(&self, using: &str, value: &str) -> Option<Element> {
        let found = self.asks("POST", "/elements", json!({"using": using, "value": value})).await.ok()?;
        for element in found.as_array()?.iter().cloned().map(Element) {
            if self.is_shown(&element).await {
                return Some(element);
            }
        }
        None
    }

    async fn is_shown(&self, element: &Element) -> bool {
        self.asks("GET", &format!("/element/{}/displayed", element.id()), Value::Null).await.is_ok_and(|shown| shown == true)
    }

    /// None where something covers it or it has just gone.
    async fn click(&self, element: &Element) -> Option<()> {
        self.asks("POST", &format!("/element/{}/click", element.id()), json!({})).await.ok().map(drop)
    }

    async fn devtools(&self, method: &str, parameters: Value) -> Value {
        self.must("POST", "/goog/cdp/execute", json!({"cmd": method, "params": parameters})).await
    }

    async fn must(&self, method: &str, command: &str, body: Value) -> Value {
        self.asks(method, command, body).await.unwrap_or_else(|error| panic!("{command}: {error}"))
    }

    /// One command of WebDriver: its value, or the driver's message.
    async fn asks(&self, method: &str, command: &str, body: Value) -> Result<Value, String> {
        let path = format!("{}{command}", self.session);
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let answer = self.http.send(method, &path, &[("content-type", "application/json")], body.as_bytes()).await;
        let mut json = answer.json();
        if answer.status == 200 { Ok(json["value"].take()) } else { Err(json["value"]["message"].to_string()) }
    }
}

/// Something on a page.
pub struct Element(Value);

impl Element {
    fn id(&self) -> &str {
        self.0.as_object().and_then(|reference| reference.values().next()).and_then(Value::as_str).expect("an element's reference")
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // The group: Chromium outlives a driver that is killed alone.
        Command::new("kill").args(["-KILL", "--", &format!("-{}", self.driver.id())]).status().ok();
        self.driver.wait().ok();
    }
}

fn capabilities(locale: &str) -> Value {
    let lang = format!("--lang={locale}");
    let arguments = [
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--disable-default-apps",
        "--disable-features=Translate",
        "--hide-scrollbars",
        "--force-color-profile=srgb",
        // A window behind another one is still somebody's window.
        "--disable-backgrounding-occluded-windows",
        "--disable-renderer-backgrounding",
        "--disable-background-timer-throttling",
        &lang,
    ];
    let preferences = json!({"intl.accept_languages": locale, "profile.default_content_setting_values.notifications": 2});
    json!({"capabilities": {"alwaysMatch": {"goog:chromeOptions": {"args": arguments, "prefs": preferences}, "goog:loggingPrefs": {"browser": "SEVERE"}}}})
}

/// A text as an XPath literal.
fn quoted(text: &str) -> String {
    if text.contains('\'') { format!("\"{text}\"") } else { format!("'{text}'") }
}

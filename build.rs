//! Makes the visitor's window small while the program is built, because a stranger's phone fetches it: one script for each language and one
//! style sheet, from the modules and sheets in `static/` and the texts in `locales/`. `src/web/assets.rs` embeds and serves them.

#![expect(clippy::panic, reason = "what can't be built must stop the build")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::{env, fs};

#[path = "build/script.rs"]
mod script;
#[path = "build/style.rs"]
mod style;

/// The module that starts the visitor's window.
const ENTRY: &str = "widget/main";
/// The style sheets of the visitor's window, in order.
const STYLES: [&str; 11] =
    ["tokens", "base", "brand", "button", "field", "signal", "notice", "widget/window", "widget/form", "widget/queue", "widget/talk"];
/// The tokens that a site's colour replaces.
const SITE_TOKENS: [&str; 2] = ["--brand", "--on-brand"];
const PAGE: &str = "templates/widget/frame.html";
const LOCALES: [&str; 3] = ["pt-BR", "en", "es"];

fn main() {
    for path in ["build.rs", "build", "static/css", "static/lib", "static/widget", "locales", PAGE] {
        println!("cargo::rerun-if-changed={path}");
    }
    let into = env::var("OUT_DIR").unwrap_or_else(|error| panic!("cargo says where to write: {error}"));
    let into = Path::new(&into);
    let modules = script::joined(ENTRY, &|specifier| Some(read(&format!("static/{specifier}.js"))));
    for locale in LOCALES {
        let texts: BTreeMap<String, String> = serde_json::from_str(&read(&format!("locales/{locale}/widget.json"))).unwrap_or_else(|error| panic!("{locale}: {error}"));
        let made = script::with_texts(&modules, &texts).and_then(|script| script::minified(&script));
        write(into, &format!("widget.{locale}.js"), &made.unwrap_or_else(|error| panic!("the widget's script, {locale}: {error}")));
    }
    let page = read(PAGE);
    let named: BTreeSet<&str> = [&modules, &page].into_iter().flat_map(|text| text.split(|letter: char| !letter.is_alphanumeric() && letter != '-')).collect();
    let sheets: String = STYLES.iter().map(|name| read(&format!("static/css/{name}.css"))).collect();
    write(into, "widget.css", &style::lean(&sheets, &named, &SITE_TOKENS));
}

fn read(path: &str) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn write(folder: &Path, name: &str, content: &str) {
    fs::write(folder.join(name), content).unwrap_or_else(|error| panic!("{name}: {error}"));
}

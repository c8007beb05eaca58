//! A fresh server and the admin who set it up.

use std::io::{BufRead, BufReader};
use std::process::Child;

use tempfile::TempDir;

use crate::support::demo::papo;
use crate::support::http::{Answer, Http};

pub const EMAIL: &str = "marina@casamurici.com.br";
pub const PASSWORD: &str = "cuscuz com café";

/// `papo serve` on a new data directory; killed when dropped.
pub struct Server {
    child: Child,
    pub http: Http,
    /// The set-up code that it printed.
    pub code: String,
    folder: TempDir,
    environment: Vec<(String, String)>,
}

impl Server {
    pub fn starts() -> Self {
        Self::starts_in(&[])
    }

    /// With this in its environment.
    pub fn starts_in(environment: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let environment: Vec<_> = environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let (child, lines) = Self::spawns(&folder, &environment);
        let (mut url, mut code) = (None, None);
        for line in lines {
            url = url.or_else(|| address_in(&line));
            code =
                code.or_else(|| line.split_whitespace().find(|word| word.split('-').count() == 5 && word.len() == 24).map(str::to_owned));
            if let (Some(url), Some(code)) = (&url, &code) {
                return Self { child, http: Http::of(url), code: code.clone(), folder, environment };
            }
        }
        panic!("an address and a set-up code before the end of output");
    }

    /// It is killed and starts again on the same data.
    pub fn restarts(mut self) -> Self {
        self.child.kill().expect("it was running");
        self.child.wait().expect("it ends");
        let (child, mut lines) = Self::spawns(&self.folder, &self.environment);
        self.child = child;
        self.http = Http::of(&lines.find_map(|line| address_in(&line)).expect("an address before the end of output"));
        self
    }

    fn spawns(folder: &TempDir, environment: &[(String, String)]) -> (Child, impl Iterator<Item = String> + use<>) {
        let data = folder.path().join("data");
        let data = data.to_str().expect("a path in UTF-8");
        let mut command = papo(&["serve", "--listen", "127.0.0.1:0", "--data-dir", data]);
        let mut child = command.envs(environment.iter().cloned()).spawn().expect("papo can be started");
        let lines = BufReader::new(child.stdout.take().expect("piped")).lines().map_while(Result::ok);
        (child, lines)
    }

    /// What the set-up page is sent, with these fields changed.
    pub async fn claims(&self, changed: &[(&str, &str)]) -> Answer {
        let mut fields = vec![
            ("code", self.code.as_str()),
            ("name", "Marina Duarte"),
            ("email", EMAIL),
            ("password", PASSWORD),
            ("organisation", "Casa Murici"),
            ("timezone", "America/Recife"),
            ("department", "Atendimento"),
            ("domain", "www.casamurici.com.br"),
        ];
        for (name, value) in changed {
            fields.retain(|(known, _)| known != name);
            fields.push((name, value));
        }
        self.http.post_form("/setup", &[PT], &fields).await
    }

    /// Signs in; the cookie, or none where it was refused.
    pub async fn signs_in(&self, email: &str, password: &str) -> (Answer, Option<String>) {
        let answer = self.http.post_form("/login", &[PT], &[("email", email), ("password", password)]).await;
        let cookie = Some(answer.cookies()).filter(|cookie| answer.status == 303 && !cookie.is_empty());
        (answer, cookie)
    }
}

fn address_in(line: &str) -> Option<String> {
    line.split_whitespace().find(|word| word.starts_with("http://")).map(str::to_owned)
}

impl Drop for Server {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// A browser that asks for Portuguese pages.
pub const PT: (&str, &str) = ("accept-language", "pt-BR");

/// The admin, signed in.
pub struct Admin {
    pub server: Server,
    pub cookie: String,
}

impl Admin {
    /// Sets a fresh server up.
    pub async fn sets_up() -> Self {
        Self::sets_up_in(&[]).await
    }

    /// Sets up a server with this in its environment.
    pub async fn sets_up_in(environment: &[(&str, &str)]) -> Self {
        let server = Server::starts_in(environment);
        let answer = server.claims(&[]).await;
        assert_eq!(answer.status, 303, "{}", answer.text());
        Self { cookie: answer.cookies(), server }
    }

    pub async fn opens(&self, path: &str) -> Answer {
        self.server.http.get(path, &[("cookie", &self.cookie), PT]).await
    }

    pub async fn posts(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        self.server.http.post_form(path, &[("cookie", &self.cookie), PT], fields).await
    }

    /// The id of the record that a list links to by this name.
    pub async fn finds(&self, list: &str, name: &str) -> String {
        let page = self.opens(list).await.text();
        let row = page.split("<tr>").skip(1).find(|row| row.contains(name)).unwrap_or_else(|| panic!("{list} lists no {name}"));
        id_in(row, &format!("{list}/")).unwrap_or_else(|| panic!("no id of {name} in {list}"))
    }
}

/// The first id behind `prefix`.
pub fn id_in(html: &str, prefix: &str) -> Option<String> {
    html.split(prefix).skip(1).filter_map(|rest| rest.get(..36)).find(|id| uuid::Uuid::try_parse(id).is_ok()).map(str::to_owned)
}

/// What stands beside a refused field.
pub fn error_beside<'a>(html: &'a str, field: &str) -> &'a str {
    let text = html.split(&format!("id=\"{field}-error\"")).nth(1).and_then(|rest| rest.split("<span>").nth(1)?.split("</span>").next());
    text.unwrap_or_else(|| panic!("nothing beside {field}"))
}

//! The catalogue's page shows the very files that were run.

use serde_json::Value;

use super::live::Live;
use crate::support::http::{Answer, Http};

struct Admin {
    http: Http,
    cookie: String,
}

impl Admin {
    async fn signs_in(live: &Live) -> Self {
        let (http, admin) = (live.demo.http(), &live.demo.facts["admin"]);
        let field = |name: &str| admin[name].as_str().expect("a text").to_owned();
        let answer = http.post_form("/login", &[], &[("email", &field("email")), ("password", &field("password"))]).await;
        Self { cookie: answer.cookies(), http }
    }

    async fn opens(&self, path: &str) -> Answer {
        self.http.get(&format!("/settings/webhooks/catalogue{path}"), &[("cookie", &self.cookie)]).await
    }
}

#[tokio::test]
async fn the_catalogue_shows_the_files_that_were_run() {
    let live = Live::starts();
    let page = Admin::signs_in(&live).await.opens("").await.text();
    for (id, file) in [
        ("file-php", "receber.php"),
        ("file-python", "receive.py"),
        ("file-node", "receive.mjs"),
        ("file-rust", "receive.rs"),
        ("recipe-crm", "recipes/crm.php"),
        ("recipe-abandoned", "recipes/abandoned.py"),
        ("recipe-rating", "recipes/rating.mjs"),
        ("recipe-deal", "recipes/deal.php"),
    ] {
        let path = format!("{}/docs/webhooks/{file}", env!("CARGO_MANIFEST_DIR"));
        assert_eq!(text_of(&page, id), std::fs::read_to_string(path).expect("a file"), "{file}");
    }
}

#[tokio::test]
async fn an_example_and_its_schema_are_files_of_their_own() {
    let live = Live::starts();
    let admin = Admin::signs_in(&live).await;
    let file = async |name: &str| admin.opens(&format!("/{name}.json")).await;
    let (example, schema) = (file("chat.rated/example").await.json(), file("chat.rated/schema").await.json());
    assert_eq!((&example["type"], &schema["title"]), (&Value::from("chat.rated"), &Value::from("chat.rated")));
    jsonschema::validator_for(&schema).expect("a schema").validate(&example).expect("the example is as its schema says");
    for unknown in ["chat.exploded/schema", "chat.rated/secret"] {
        assert_eq!(file(unknown).await.status, 404, "{unknown}");
    }
    assert_ne!(live.demo.http().get("/settings/webhooks/catalogue/chat.rated/schema.json", &[]).await.status, 200, "admins only");
}

/// What a browser copies from the box with this id.
fn text_of(page: &str, id: &str) -> String {
    let inside = page.split(&format!("id=\"{id}\"")).nth(1).and_then(|rest| rest.split_once('>')?.1.split("</pre>").next());
    let inside = inside.unwrap_or_else(|| panic!("nothing has the id {id}"));
    let plain: String = inside
        .split('<')
        .enumerate()
        .map(|(at, part)| if at == 0 { part } else { part.split_once('>').map_or("", |(_, text)| text) })
        .collect();
    [("&#60;", "<"), ("&#62;", ">"), ("&#34;", "\""), ("&#39;", "'"), ("&#38;", "&")]
        .iter()
        .fold(plain, |text, (escaped, letter)| text.replace(escaped, letter))
}

//! Every address of the server, read from where it is declared: so that a test over all of them misses none that comes later.

use std::fs;
use std::path::Path;

use serde_json::Value;

/// A method and a path with its `{placeholders}`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Route {
    pub method: String,
    pub path: String,
}

/// The pages, sockets and files: what `.route("PATH", web::METHOD()` declares under `src/web`, below the `web::scope` it is in. The demo's shop is another
/// server and isn't among them.
pub fn pages() -> Vec<Route> {
    let mut found = Vec::new();
    visit(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src/web"), &mut |path, text| {
        if !path.ends_with("shop.rs") {
            found.extend(declared(text));
        }
    });
    assert!(found.len() > 60, "the declarations are found: {found:?}");
    found.sort();
    found.dedup();
    found
}

/// The operations of the REST API, from its own document.
pub fn operations(document: &Value) -> Vec<Route> {
    let paths = document["paths"].as_object().expect("paths");
    let verbs = ["get", "post", "put", "patch", "delete"];
    let mut found: Vec<Route> = paths
        .iter()
        .flat_map(|(path, item)| {
            verbs.iter().filter(|verb| item.get(**verb).is_some()).map(|verb| Route { method: verb.to_uppercase(), path: path.clone() })
        })
        .collect();
    found.sort();
    found
}

fn declared(text: &str) -> Vec<Route> {
    let mut scope = String::new();
    let mut found = Vec::new();
    for line in text.lines() {
        if let Some(prefix) = quoted_after(line, "web::scope(") {
            scope = prefix;
        }
        for part in line.split(".route(").skip(1) {
            let (Some(path), Some(method)) = (quoted_after(part, ""), part.split("web::").nth(1).and_then(|rest| rest.split('(').next()))
            else {
                continue;
            };
            found.push(Route { method: method.to_uppercase(), path: format!("{scope}{path}") });
        }
        if line.trim_end().ends_with(';') {
            scope.clear();
        }
    }
    found
}

/// The string literal that begins right after `mark`.
fn quoted_after(text: &str, mark: &str) -> Option<String> {
    let rest = if mark.is_empty() { text } else { text.split_once(mark)?.1 };
    rest.strip_prefix('"')?.split('"').next().map(str::to_owned)
}

fn visit(folder: &Path, each: &mut impl FnMut(&Path, &str)) {
    for entry in fs::read_dir(folder).expect("a folder of the sources").flatten() {
        let path = entry.path();
        if path.is_dir() {
            visit(&path, each);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            each(&path, &fs::read_to_string(&path).expect("a source"));
        }
    }
}

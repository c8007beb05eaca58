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

/// The pages, sockets and files: what `.route("PATH", METHOD(` declares under `src/web`. The demo's shop is another server and isn't among them.
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
    let of_call = |call: &str| {
        let (path, rest) = call.trim_start().strip_prefix('"')?.split_once('"')?;
        let method = rest.trim_start_matches([',', ' ', '\n']).split('(').next()?;
        Some(Route { method: method.to_uppercase(), path: path.to_owned() })
    };
    text.split(".route(").skip(1).filter_map(of_call).collect()
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

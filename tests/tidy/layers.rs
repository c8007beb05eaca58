//! Who may import whom: the table in `src/lib.rs`, and which layer owns which crate.

use crate::assert_none;
use crate::sources::{Source, after_each, identifier, product, read};

/// The modules in the order of the table of `src/lib.rs`; each imports only from those before it.
fn order() -> Vec<String> {
    let table = read("src/lib.rs");
    let rows = table.lines().filter_map(|line| line.strip_prefix("//! | ["));
    rows.flat_map(|row| {
        let first_cell = row.split('|').next().unwrap_or_default();
        first_cell.split('`').skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>()
    })
    .collect()
}

/// What the table says a layer never knows although it comes later.
const NEVER: [(&str, &[&str]); 3] =
    [("hub", &["auth", "i18n", "wire", "store"]), ("webhooks", &["hub", "relay", "sweeper"]), ("relay", &["auth", "sweeper"])];

/// The module that a file of `src` belongs to; none for `lib.rs` and `main.rs`, which see everything.
fn module_of(source: &Source) -> Option<&str> {
    let path = source.path.strip_prefix("src/")?;
    let module = path.split(['/', '.']).next()?;
    (!["lib", "main"].contains(&module)).then_some(module)
}

/// The modules that a line names by `crate::…`, grouped imports included.
fn named(line: &str) -> Vec<&str> {
    let names = after_each(line, "crate::").flat_map(|rest| match rest.strip_prefix('{') {
        Some(group) => group.split(',').map(|part| identifier(part.trim())).collect(),
        None => vec![identifier(rest)],
    });
    names.filter(|name| name.starts_with(char::is_lowercase)).collect()
}

#[test]
fn a_module_imports_only_from_the_layers_above_it() {
    let order = order();
    let rank = |module: &str| order.iter().position(|known| known == module);
    let mut findings = Vec::new();
    for source in product() {
        let Some(module) = module_of(&source) else { continue };
        let Some(own) = rank(module) else {
            findings.push(format!("{}: the table in src/lib.rs has no layer for `{module}`", source.path));
            continue;
        };
        for (number, line) in source.code() {
            for name in named(line) {
                let never = NEVER.iter().any(|(layer, others)| *layer == module && others.contains(&name));
                if never || rank(name).is_some_and(|other| other > own) {
                    findings.push(format!("{}:{number}: `{module}` must not know `{name}`", source.path));
                }
            }
        }
    }
    assert_none("a layer imports only from those above it", &findings);
}

/// A crate or a call, and the only places that may use it.
const OWNED: [(&str, &[&str]); 10] = [
    ("diesel", &["src/store/"]),
    ("diesel_migrations", &["src/store/"]),
    ("actix", &["src/web/", "src/startup", "src/webhooks/guard.rs", "src/main.rs"]),
    ("awc", &["src/webhooks/"]),
    ("serde", &["src/wire/", "src/web/", "src/config", "src/i18n/", "src/webhooks/"]),
    ("prometheus_client", &["src/metrics.rs"]),
    ("Utc::now", &["src/clock.rs"]),
    ("Local::now", &["src/clock.rs"]),
    ("SystemTime::now", &["src/clock.rs"]),
    ("Instant::now", &["src/clock.rs"]),
];

#[test]
fn a_crate_is_used_only_by_the_layer_that_owns_it() {
    let mut findings = Vec::new();
    for source in product() {
        for (number, line) in source.code() {
            for (name, places) in OWNED {
                let used = after_each(line, name).any(|rest| name.contains("::") || rest.starts_with("::") || rest.starts_with('_'));
                if used && !places.iter().any(|place| source.path.starts_with(place)) {
                    findings.push(format!("{}:{number}: `{name}` belongs to {}", source.path, places.join(", ")));
                }
            }
        }
    }
    assert_none("each crate has its layer", &findings);
}

#[test]
fn the_table_of_layers_names_every_module() {
    let order = order();
    let missing: Vec<_> =
        read("src/lib.rs").lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';').map(str::to_owned)).collect();
    let missing: Vec<_> = missing.into_iter().filter(|module| !order.contains(module)).collect();
    assert_none("the table in src/lib.rs has a row for each module", &missing);
}

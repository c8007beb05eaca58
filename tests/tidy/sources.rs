//! The files of the repository as the rules see them.

use std::fs;
use std::path::Path;

/// A text file of the repository.
pub struct Source {
    /// From the repository's root, with `/`.
    pub path: String,
    pub text: String,
}

impl Source {
    /// Its name without folder and ending.
    pub fn stem(&self) -> &str {
        let name = self.path.rsplit('/').next().unwrap_or_default();
        name.split('.').next().unwrap_or_default()
    }

    /// Whether all of it is test code: `tests.rs` or a `tests/` folder beside a module.
    pub fn is_test(&self) -> bool {
        self.path.ends_with("/tests.rs") || self.path.contains("/tests/")
    }

    /// The text without the remarks of templates, `{# … #}`.
    pub fn without_remarks(&self) -> String {
        self.text.split("{#").map(|part| part.split_once("#}").map_or(part, |(_, rest)| rest)).collect()
    }

    /// The lines of code with their numbers from 1: no comments, nothing from `#[cfg(test)] mod tests` on, which stands last.
    pub fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        let product = self.text.split("#[cfg(test)]\nmod ").next().unwrap_or_default();
        let lines = product.lines().enumerate().map(|(at, line)| (at + 1, line.split(" // ").next().unwrap_or_default()));
        lines.filter(|(_, line)| !line.trim_start().starts_with("//"))
    }
}

/// Every file under `folder` with one of the endings, in order; none where the folder is missing.
pub fn under(folder: &str, endings: &[&str]) -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    let mut open = vec![root.join(folder)];
    while let Some(folder) = open.pop() {
        let Ok(entries) = fs::read_dir(&folder) else { continue };
        for entry in entries.flatten() {
            let path = entry.path();
            let name = path.strip_prefix(root).unwrap_or(&path).to_string_lossy().replace('\\', "/");
            if path.is_dir() {
                open.push(path);
            } else if endings.iter().any(|ending| name.ends_with(ending)) {
                found.push(Source { text: read(&name), path: name });
            }
        }
    }
    found.sort_by(|one, other| one.path.cmp(&other.path));
    found
}

/// One file by its path from the repository's root.
pub fn read(path: &str) -> String {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    fs::read_to_string(&file).unwrap_or_else(|error| panic!("{path} can't be read: {error}"))
}

/// Whether the path leads to a file or folder of the repository.
pub fn exists(path: &str) -> bool {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path).exists()
}

/// The product's Rust, without its tests.
pub fn product() -> Vec<Source> {
    let mut sources = under("src", &[".rs"]);
    sources.retain(|source| !source.is_test());
    sources
}

/// What follows each `marker` that doesn't continue a longer word.
pub fn after_each<'a>(line: &'a str, marker: &'a str) -> impl Iterator<Item = &'a str> {
    let continues = |at: &usize| line[..*at].ends_with(|before: char| before.is_alphanumeric() || before == '_');
    line.match_indices(marker).map(|(at, _)| at).filter(move |at| !continues(at)).map(move |at| &line[at + marker.len()..])
}

/// The leading characters of `text` that make an identifier.
pub fn identifier(text: &str) -> &str {
    let end = text.find(|letter: char| !letter.is_alphanumeric() && letter != '_').unwrap_or(text.len());
    &text[..end]
}

//! Links between the documents lead somewhere.

use crate::assert_none;
use crate::sources::{Source, exists, read, under};

/// The targets of `[text](target)` and of images that stay in the repository.
fn targets(document: &Source) -> Vec<String> {
    let written = document.text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    let own = written.chain(document.text.split("<img src=\"").skip(1).filter_map(|rest| rest.split('"').next()));
    own.filter(|target| !target.contains("://") && !target.starts_with("mailto:")).map(str::to_owned).collect()
}

/// The anchor that a heading gets on code hosts.
fn anchor(heading: &str) -> String {
    let kept = heading.trim_start_matches('#').trim().to_lowercase().replace(' ', "-");
    kept.chars().filter(|letter| letter.is_alphanumeric() || ['-', '_'].contains(letter)).collect()
}

#[test]
fn every_link_of_the_documents_resolves() {
    let mut documents = under("docs", &[".md"]);
    documents.extend(["README.md", "README.pt-BR.md"].map(|path| Source { path: path.to_owned(), text: read(path) }));
    let mut findings = Vec::new();
    for document in &documents {
        let folder = document.path.rsplit_once('/').map_or("", |(folder, _)| folder);
        for target in targets(document) {
            let (file, fragment) = target.split_once('#').unwrap_or((&target, ""));
            let path = match file {
                "" => document.path.clone(),
                file => format!("{folder}/{file}").trim_start_matches('/').to_owned(),
            };
            let found =
                exists(&path) && (fragment.is_empty() || read(&path).lines().any(|line| line.starts_with('#') && anchor(line) == fragment));
            if !found {
                findings.push(format!("{}: {target}", document.path));
            }
        }
    }
    assert_none("a link leads to a file, and to a heading of it", &findings);
}

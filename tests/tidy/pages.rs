//! Templates, scripts and styles: what the content security policy, the languages and the design rest on.

use std::collections::BTreeSet;

use crate::assert_none;
use crate::sources::{Source, exists, under};

/// One finding per line of these files that holds one of the words.
fn lines_with(sources: &[Source], words: &[&str]) -> Vec<String> {
    let mut findings = Vec::new();
    for source in sources {
        for (at, line) in source.text.lines().enumerate() {
            let code = line.trim_start();
            if let Some(word) =
                words.iter().find(|word| code.contains(**word)).filter(|_| !code.starts_with("//") && !code.starts_with("* "))
            {
                findings.push(format!("{}:{}: {word}", source.path, at + 1));
            }
        }
    }
    findings
}

#[test]
fn text_enters_a_page_as_text() {
    let words = [
        "innerHTML",
        "outerHTML",
        "insertAdjacentHTML",
        "document.write",
        "eval(",
        "new Function(",
        "setAttribute(\"style\"",
        "|safe",
        "| safe",
    ];
    let mut sources = under("static", &[".js"]);
    sources.extend(under("templates", &[".html"]));
    // Texts for scripts and import maps are JSON whose angle brackets are escaped; nothing else may go unescaped.
    let findings = lines_with(&sources, &words).into_iter().filter(|finding| !is_json_element(&sources, finding)).collect::<Vec<_>>();
    assert_none("strangers write into these pages", &findings);
}

/// Whether the finding stands inside `<script type="importmap"…>` or `<script type="application/json"…>`, on the same line.
fn is_json_element(sources: &[Source], finding: &str) -> bool {
    let mut parts = finding.splitn(3, ':');
    let (Some(path), Some(Ok(number))) = (parts.next(), parts.next().map(str::parse::<usize>)) else { return false };
    let line = sources.iter().find(|source| source.path == path).and_then(|source| source.text.lines().nth(number - 1)).unwrap_or_default();
    line.contains("type=\"importmap\"") || line.contains("type=\"application/json\"")
}

#[test]
fn pages_keep_to_the_content_security_policy() {
    let templates = under("templates", &[".html"]);
    let mut findings = lines_with(&templates, &["style=\"", "<style", "javascript:"]);
    for source in &templates {
        for (at, line) in source.text.lines().enumerate() {
            let inline_handler = line.split(' ').any(|word| {
                word.strip_prefix("on")
                    .is_some_and(|rest| rest.split_once("=\"").is_some_and(|(event, _)| event.chars().all(char::is_alphabetic)))
            });
            let inline_script =
                line.contains("<script") && !["src=", "nonce=", "application/json"].iter().any(|allowed| line.contains(allowed));
            if inline_handler || inline_script {
                findings.push(format!("{}:{}: inline script", source.path, at + 1));
            }
        }
    }
    assert_none("no inline scripts and styles: the policy refuses them", &findings);
}

#[test]
fn every_page_says_its_language() {
    let templates = under("templates", &[".html"]);
    let whole = templates.iter().filter(|source| !source.stem().starts_with('_') && !source.text.contains("{% extends"));
    let findings: Vec<_> = whole.filter(|source| !source.text.contains("<html lang=")).map(|source| source.path.clone()).collect();
    assert_none("a page extends a layout or has <html lang=…>; a partial's name begins with _", &findings);
}

#[test]
fn modules_import_by_bare_names_that_exist() {
    let mut findings = Vec::new();
    for source in under("static", &[".js"]) {
        for (at, line) in
            source.text.lines().enumerate().filter(|(_, line)| !line.trim_start().starts_with("//") && !line.trim_start().starts_with('*'))
        {
            let static_imports =
                ["from \"", "import \"", "await import(\""].iter().flat_map(|marker| line.split(marker).skip(1).collect::<Vec<_>>());
            for specifier in static_imports.filter_map(|rest| rest.split('"').next()) {
                if !exists(&format!("static/{specifier}.js")) {
                    findings.push(format!("{}:{}: {specifier}", source.path, at + 1));
                }
            }
        }
    }
    assert_none("a module is imported by its path in static/, without .js", &findings);
}

#[test]
fn every_script_is_checked() {
    // On foreign pages every byte counts.
    let loader = "static/widget/loader.js";
    let unchecked = under("static", &[".js"]).into_iter().filter(|source| source.path != loader && !source.text.contains("// @ts-check\n"));
    let findings: Vec<_> = unchecked.map(|source| source.path).collect();
    assert_none("a script says // @ts-check", &findings);
}

#[test]
fn every_named_asset_exists() {
    let mut findings = Vec::new();
    let mut sources = under("templates", &[".html"]);
    sources.extend(under("src", &[".rs"]).into_iter().filter(|source| !["src/web/assets.rs"].contains(&source.path.as_str())));
    sources.extend(under("static", &[".js"]));
    for source in &sources {
        for name in source.without_remarks().split('"') {
            let ours = ["css/", "images/", "sounds/", "lib/", "widget/", "console/", "settings/", "demo/"]
                .iter()
                .any(|folder| name.starts_with(folder));
            let file = [".css", ".svg", ".png", ".mp3", ".ogg", ".wav", ".js"].iter().any(|ending| name.ends_with(ending));
            // Made of the others by build.rs.
            let made = name.contains("/joined");
            if ours && file && !made && !name.contains(['{', ' ']) && !exists(&format!("static/{name}")) {
                findings.push(format!("{}: {name}", source.path));
            }
        }
    }
    assert_none("an asset is named by its path in static/", &findings);
}

#[test]
fn styles_use_only_tokens_that_exist() {
    let sheets = under("static/css", &[".css"]);
    let scripts = under("static", &[".js"]);
    let declared = |text: &str| -> Vec<String> {
        let starts = text.match_indices("--").map(|(at, _)| &text[at..]);
        starts
            .map(|rest| {
                rest.split(|letter: char| !letter.is_alphanumeric() && letter != '-' && letter != '_').next().unwrap_or_default().to_owned()
            })
            .collect()
    };
    let mut known = BTreeSet::new();
    for sheet in &sheets {
        let declarations = sheet.text.match_indices("--").filter(|(at, _)| !sheet.text[..*at].ends_with("var("));
        for (at, _) in declarations {
            known.extend(declared(&sheet.text[at..]).into_iter().next());
        }
    }
    known.extend(scripts.iter().flat_map(|script| declared(&script.text)));
    let mut findings = BTreeSet::new();
    for sheet in &sheets {
        for rest in sheet.text.split("var(").skip(1) {
            let name = rest.split([')', ',', ' ']).next().unwrap_or_default();
            if !known.contains(name) {
                findings.insert(format!("{}: {name}", sheet.path));
            }
        }
    }
    assert_none("a style names a token that is declared", &findings.into_iter().collect::<Vec<_>>());
}

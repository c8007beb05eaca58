//! Makes our own scripts and style sheets smaller without changing what they do: comments and indentation go, and the modules of the
//! widget become one file, because a stranger's phone fetches it. No parser: it relies on the shape that `tests/js/widget_page.test.js` holds
//! (a line comment has its own line, no string holds what looks like a comment, imports are named and on one line, no literal spans lines, no name is declared twice).
//! Knows nothing of requests and of where files lie.

use std::collections::BTreeSet;

/// A script or style sheet without comments, indentation and empty lines.
#[must_use]
pub fn without_comments(source: &str) -> String {
    let mut lean = String::with_capacity(source.len());
    let mut inside = false;
    for line in source.lines() {
        let mut rest = line.trim();
        if inside {
            let Some((_, after)) = rest.split_once("*/") else { continue };
            (inside, rest) = (false, after.trim_start());
        }
        if rest.starts_with("//") {
            continue;
        }
        if let Some(comment) = rest.strip_prefix("/*") {
            let Some((_, after)) = comment.split_once("*/") else {
                inside = true;
                continue;
            };
            rest = after.trim_start();
        }
        if !rest.is_empty() {
            push_without_asides(&mut lean, rest);
            lean.push('\n');
        }
    }
    lean
}

/// `(/** @type {any} */ (node))` says something to the type checker alone, and a remark behind a rule to us.
fn push_without_asides(lean: &mut String, line: &str) {
    let mut rest = line;
    while let Some((before, aside)) = rest.split_once("/*") {
        let Some((_, after)) = aside.split_once("*/") else { break };
        lean.push_str(before);
        rest = after.strip_prefix(' ').unwrap_or(after);
    }
    lean.push_str(rest);
    lean.truncate(lean.trim_end_matches(' ').len());
}

/// The module `entry` (`widget/main`) and all that it imports as one module without imports, each module after those it needs.
/// `source` gives a module's text by its specifier; one that it doesn't know is left out.
#[must_use]
pub fn joined(entry: &str, source: impl Fn(&str) -> Option<String>) -> String {
    let mut whole = String::new();
    push_module(entry, &source, &mut BTreeSet::new(), &mut whole);
    whole
}

fn push_module(specifier: &str, source: &impl Fn(&str) -> Option<String>, seen: &mut BTreeSet<String>, whole: &mut String) {
    if !seen.insert(specifier.to_owned()) {
        return;
    }
    let text = without_comments(&source(specifier).unwrap_or_default());
    let (imports, own): (Vec<&str>, Vec<&str>) = text.lines().partition(|line| line.starts_with("import "));
    for needed in imports.iter().filter_map(|line| line.split('"').nth(1)) {
        push_module(needed, source, seen, whole);
    }
    for line in own {
        whole.push_str(line.strip_prefix("export ").unwrap_or(line));
        whole.push('\n');
    }
}

#[cfg(test)]
mod tests {
    use super::{joined, without_comments};

    #[test]
    fn comments_go_and_code_stays() {
        let source = "// @ts-check\n\n/**\n * @param {string} a\n */\nexport function say(a) {\n  // why\n  return /** @type {any} */ (a) + \"// no comment: http://x\"; // stays\n}\n";
        assert_eq!(without_comments(source), "export function say(a) {\nreturn (a) + \"// no comment: http://x\"; // stays\n}\n");
    }

    #[test]
    fn a_style_sheet_keeps_its_rules() {
        assert_eq!(
            without_comments("/* one\n   two */\n.a { b: c; } /* x */\n\n/* three */ .d { e: f; }\n"),
            ".a { b: c; }\n.d { e: f; }\n"
        );
    }

    #[test]
    fn modules_come_once_and_after_what_they_need() {
        let source = |specifier: &str| {
            let text = match specifier {
                "widget/main" => "import { talk } from \"widget/talk\";\nimport { el } from \"lib/dom\";\ntalk(el);\n",
                "widget/talk" => "import { el } from \"lib/dom\";\nexport const talk = () => el;\n",
                "lib/dom" => "export function el() {}\n",
                _ => return None,
            };
            Some(text.to_owned())
        };
        assert_eq!(joined("widget/main", source), "function el() {}\nconst talk = () => el;\ntalk(el);\n");
    }
}

//! Makes our own scripts and style sheets smaller without changing what they do: comments and indentation go. No parser: it relies on the
//! shape that `tests/js/widget_page.test.js` holds (a line comment has its own line, no string holds what looks like a comment, no literal
//! spans lines). The visitor's window goes further: `build.rs`. Knows nothing of requests and of where files lie.

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

#[cfg(test)]
mod tests {
    use super::without_comments;

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
}

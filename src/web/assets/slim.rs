//! Leaves out of scripts and styles what only their authors read: comments, indentation, empty lines.
//!
//! No minifier: names and lines stay, so that a stack trace from a visitor's browser still makes sense beside the source. What the scanner
//! does not understand it leaves as it is.

/// A script without comments and indentation. Line breaks stay, since they may end statements.
pub fn script(source: &str) -> String {
    let Some(code) = without_comments(source) else { return source.to_owned() };
    code.into_iter().collect()
}

/// A style sheet without comments, every run of white space one space.
pub fn style(source: &str) -> String {
    let mut slim = String::with_capacity(source.len());
    let mut rest = source;
    while let Some((before, after)) = rest.split_once("/*") {
        slim.push_str(before);
        rest = after.split_once("*/").map_or("", |(_, rest)| rest);
    }
    slim.push_str(rest);
    let words = slim.split_whitespace().collect::<Vec<_>>().join(" ");
    words
        .replace(" {", "{")
        .replace("{ ", "{")
        .replace("; ", ";")
        .replace(";}", "}")
        .replace(" }", "}")
        .replace("} ", "}")
        .replace(": ", ":")
}

/// The pieces of the script that stay, or none where its end is inside a string or a comment, which means that it was misread.
fn without_comments(source: &str) -> Option<Vec<&str>> {
    let mut kept = Vec::new();
    let mut rest = source;
    // What stands before a slash tells a division from a regular expression.
    let mut before = '\n';
    while let Some(next) = rest.chars().next() {
        let length = match next {
            '/' if rest.starts_with("//") => {
                rest = rest.find('\n').map_or("", |end| rest.get(end..).unwrap_or_default());
                continue;
            }
            '/' if rest.starts_with("/*") => {
                rest = rest.get(2..)?.split_once("*/")?.1;
                continue;
            }
            '"' | '\'' | '`' => literal(rest, next)?,
            '/' if "(,=:[!&|?{};+-*%<>~^\n".contains(before) => regular_expression(rest)?,
            '\n' => {
                rest = rest.trim_start();
                if before != '\n' {
                    kept.push("\n");
                }
                before = '\n';
                continue;
            }
            other => other.len_utf8(),
        };
        let (piece, after) = rest.split_at(length);
        kept.push(piece);
        if !next.is_whitespace() {
            before = next;
        }
        rest = after;
    }
    Some(kept)
}

/// The length of a string or template literal at the start, quotes included.
fn literal(text: &str, quote: char) -> Option<usize> {
    let mut at = 1;
    loop {
        let rest = text.get(at..)?;
        let letter = rest.chars().next()?;
        match letter {
            '\\' => at += 1 + rest.chars().nth(1)?.len_utf8(),
            '\n' if quote != '`' => return None,
            '$' if quote == '`' && rest.starts_with("${") => at += placeholder(rest)?,
            _ if letter == quote => return Some(at + 1),
            other => at += other.len_utf8(),
        }
    }
}

/// The length of a `${…}` at the start.
fn placeholder(text: &str) -> Option<usize> {
    let (mut at, mut depth) = (2, 1_u32);
    while depth > 0 {
        let rest = text.get(at..)?;
        let letter = rest.chars().next()?;
        match letter {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        at += if ['"', '\'', '`'].contains(&letter) { literal(rest, letter)? } else { letter.len_utf8() };
    }
    Some(at)
}

/// The length of a regular expression at the start, without its flags.
fn regular_expression(text: &str) -> Option<usize> {
    let (mut escaped, mut in_class) = (false, false);
    for (at, letter) in text.char_indices().skip(1) {
        match letter {
            '\n' => return None,
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '[' => in_class = true,
            ']' => in_class = false,
            '/' if !in_class => return Some(at + 1),
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::{script, style};

    #[test]
    fn a_script_keeps_its_code_and_its_texts() {
        let source = r#"// @ts-check
/** @typedef {{a: string}} A */

  const url = "https://x//y", half = count / 2 / 1; // why
    const tidy = text.replace(/["'`/*]/g, "/* kept */");
export function f(/** @type {any} */ x) {
  return `a // ${x ? `https://${x}` : ""}
    b`;
}
"#;
        let slim = "const url = \"https://x//y\", half = count / 2 / 1; \nconst tidy = text.replace(/[\"'`/*]/g, \"/* kept */\");\nexport function f( x) {\nreturn `a // ${x ? `https://${x}` : \"\"}\n    b`;\n}\n";
        assert_eq!(script(source), slim);
    }

    #[test]
    fn a_script_that_is_misread_stays_whole() {
        let source = "const a = 'unfinished\n// and a comment\n";
        assert_eq!(script(source), source);
    }

    #[test]
    fn a_style_keeps_its_rules() {
        assert_eq!(
            style("/* why */\na,\n.b > c {\n  color: red; /* x */\n  margin: 0 auto;\n}\n\n@media (a: b) { c { d: e } }"),
            "a, .b > c{color:red;margin:0 auto}@media (a:b){c{d:e}}"
        );
    }
}

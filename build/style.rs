//! The style sheet of the visitor's window, made of those that it shares with our other pages: rules for classes and elements that the window
//! never has go, and so do tokens that no rule uses; a token that has one value in every theme gives way to it, and the others get short names.
//!
//! A small reader of the CSS that we write: rules and groups of rules, no braces or semicolons in strings. Knows nothing of files.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

/// A rule with its declarations, or a group (`@media …`) with its rules.
struct Rule {
    head: String,
    declarations: Vec<(String, String)>,
    rules: Vec<Self>,
}

/// The style sheet with only what the window needs. `named` are the words of its script and page: what is no word there is neither class nor element.
/// Tokens that begin with one of `kept` are set by the script, so their names and values stay.
pub fn lean(source: &str, named: &BTreeSet<&str>, kept: &[&str]) -> String {
    let mut rules = read(&mut squeezed(source).as_str());
    keep_named(&mut rules, named);
    let is_kept = |token: &str| kept.iter().any(|start| token.starts_with(start));
    while drop_unused(&mut rules, &is_kept) || fold_constant(&mut rules, &is_kept) {}
    let mut sheet = String::new();
    write(&mut sheet, &rules);
    with_short_names(&sheet, &is_kept)
}

/// One line without comments and needless spaces.
fn squeezed(source: &str) -> String {
    let mut bare = String::new();
    let mut rest = source;
    while let Some((before, comment)) = rest.split_once("/*") {
        bare.push_str(before);
        rest = comment.split_once("*/").map_or("", |(_, after)| after);
    }
    bare.push_str(rest);
    let mut line = bare.split_whitespace().collect::<Vec<_>>().join(" ");
    for sign in ["{", "}", ";", ",", ">"] {
        line = line.replace(&format!(" {sign}"), sign).replace(&format!("{sign} "), sign);
    }
    line.replace(": ", ":")
}

/// Reads rules up to the end or to the brace that closes their group.
fn read(rest: &mut &str) -> Vec<Rule> {
    let mut rules = Vec::new();
    while let Some((head, after)) = rest.split_once('{').filter(|(head, _)| !head.contains('}')) {
        *rest = after;
        let mut rule = Rule { head: head.to_owned(), declarations: Vec::new(), rules: Vec::new() };
        if head.starts_with('@') {
            rule.rules = read(rest);
        } else {
            let body = rest.split('}').next().unwrap_or_default();
            let declarations = body.split(';').filter_map(|declaration| declaration.split_once(':'));
            rule.declarations = declarations.map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned())).collect();
            *rest = rest.strip_prefix(body).unwrap_or_default();
        }
        *rest = rest.strip_prefix('}').unwrap_or(rest);
        rules.push(rule);
    }
    rules
}

fn keep_named(rules: &mut Vec<Rule>, named: &BTreeSet<&str>) {
    for rule in rules.iter_mut() {
        if !rule.head.starts_with("@keyframes") {
            keep_named(&mut rule.rules, named);
        }
        if !rule.head.starts_with('@') {
            let selectors = selectors_of(&rule.head);
            rule.head =
                selectors.into_iter().filter(|selector| names_in(selector).all(|name| named.contains(name))).collect::<Vec<_>>().join(",");
        }
    }
    rules.retain(|rule| !rule.head.is_empty() && (!rule.declarations.is_empty() || !rule.rules.is_empty()));
}

/// The selectors of a list; a comma inside `:is(…)` parts none.
fn selectors_of(head: &str) -> Vec<&str> {
    let mut depth = 0_u32;
    head.split(|letter: char| {
        match letter {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        letter == ',' && depth == 0
    })
    .collect()
}

/// The classes and elements of a selector.
fn names_in(selector: &str) -> impl Iterator<Item = &str> {
    let name = |part: &str| part.find(|letter: char| !is_of_a_name(letter)).unwrap_or(part.len());
    let parts = selector.split([' ', '>', '+', '~', '.']).filter(|part| part.starts_with(char::is_alphabetic));
    parts.map(move |part| part.split_at(name(part)).0)
}

fn is_of_a_name(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || letter == '-' || letter == '_'
}

/// Each declaration with the head of its rule; that of a rule inside a group is empty.
fn declarations(rules: &[Rule]) -> Vec<(&str, &str, &str)> {
    let mut all = Vec::new();
    for rule in rules {
        all.extend(rule.declarations.iter().map(|(name, value)| (rule.head.as_str(), name.as_str(), value.as_str())));
        all.extend(declarations(&rule.rules).into_iter().map(|(_, name, value)| ("", name, value)));
    }
    all
}

/// Removes the tokens that nothing uses. Whether there were any.
fn drop_unused(rules: &mut Vec<Rule>, is_kept: &impl Fn(&str) -> bool) -> bool {
    let all = declarations(rules);
    let used: BTreeSet<&str> = all.iter().flat_map(|(_, _, value)| tokens_in(value)).collect();
    let unused = all.iter().map(|(_, name, _)| *name).filter(|name| name.starts_with("--") && !used.contains(name) && !is_kept(name));
    let unused: BTreeSet<String> = unused.map(str::to_owned).collect();
    remove(rules, &unused);
    !unused.is_empty()
}

/// Puts the value of one token that has only one, for all pages and themes, wherever it is used. Whether there was one.
fn fold_constant(rules: &mut Vec<Rule>, is_kept: &impl Fn(&str) -> bool) -> bool {
    let mut values: BTreeMap<&str, Vec<(&str, &str)>> = BTreeMap::new();
    for (head, name, value) in declarations(rules) {
        if name.starts_with("--") && !is_kept(name) {
            values.entry(name).or_default().push((head, value));
        }
    }
    let constant = values.into_iter().find_map(|(name, values)| match values.as_slice() {
        // A group may change it: with reduced motion, for instance.
        [(head, value), others @ ..] if head.starts_with(":root") && others.iter().all(|(_, other)| other == value) => {
            Some((name.to_owned(), (*value).to_owned()))
        }
        _ => None,
    });
    let Some((name, value)) = constant else { return false };
    replace(rules, &format!("var({name})"), &value);
    remove(rules, &BTreeSet::from([name]));
    true
}

/// The tokens that a value asks for.
fn tokens_in(value: &str) -> impl Iterator<Item = &str> {
    value.split("var(").skip(1).map(|rest| rest.split([')', ',']).next().unwrap_or_default())
}

fn remove(rules: &mut Vec<Rule>, names: &BTreeSet<String>) {
    for rule in rules.iter_mut() {
        rule.declarations.retain(|(name, _)| !names.contains(name));
        remove(&mut rule.rules, names);
    }
    rules.retain(|rule| !rule.declarations.is_empty() || !rule.rules.is_empty());
}

fn replace(rules: &mut [Rule], from: &str, to: &str) {
    for rule in rules {
        for (_, value) in &mut rule.declarations {
            *value = value.replace(from, to);
        }
        replace(&mut rule.rules, from, to);
    }
}

fn write(sheet: &mut String, rules: &[Rule]) {
    for rule in rules {
        let declarations = rule.declarations.iter().map(|(name, value)| format!("{name}:{value}")).collect::<Vec<_>>().join(";");
        write!(sheet, "{}{{{declarations}", rule.head).expect("a String takes everything");
        write(sheet, &rule.rules);
        sheet.push('}');
    }
}

/// `--surface-raised` becomes `--c`: the names that occur most get the shortest.
fn with_short_names(sheet: &str, is_kept: &impl Fn(&str) -> bool) -> String {
    let token_at = |at: usize| sheet.get(at..).unwrap_or_default().split(|letter: char| !is_of_a_name(letter)).next().unwrap_or_default();
    let mut uses: BTreeMap<&str, usize> = BTreeMap::new();
    for (at, _) in sheet.match_indices("--").filter(|(at, _)| !is_kept(token_at(*at))) {
        *uses.entry(token_at(at)).or_default() += 1;
    }
    let mut tokens: Vec<(&str, usize)> = uses.into_iter().collect();
    tokens.sort_by_key(|(name, count)| (usize::MAX - count, *name));
    // The longest first: `--line` begins `--line-strong`.
    let mut names: Vec<(&str, String)> = tokens.into_iter().map(|(name, _)| name).zip(short_names()).collect();
    names.sort_by_key(|(name, _)| usize::MAX - name.len());
    names.iter().fold(sheet.to_owned(), |sheet, (name, short)| {
        sheet.replace(&format!("{name}:"), &format!("{short}:")).replace(&format!("var({name})"), &format!("var({short})"))
    })
}

/// `--a` … `--z`, `--aa` …
fn short_names() -> impl Iterator<Item = String> {
    let letters = || ('a'..='z').map(String::from);
    letters()
        .chain(letters().flat_map(move |first| letters().map(move |second| format!("{first}{second}"))))
        .map(|name| format!("--{name}"))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::lean;

    fn of(source: &str) -> String {
        lean(source, &BTreeSet::from(["w-body", "btn", "b"]), &["--brand"])
    }

    #[test]
    fn what_no_word_names_goes_and_the_rest_is_squeezed() {
        let source = "/* why */\n.btn:hover > b, .btn.count { color: red; margin: 0 .5rem; }\n.count { color: blue; }\n@media (max-width: 720px) {\n  .count { top: 0; }\n}\n\
                      @media print { .w-body:has(.btn, i) { width: calc(100% + .25rem); } }";
        assert_eq!(of(source), ".btn:hover>b{color:red;margin:0 .5rem}@media print{.w-body:has(.btn,i){width:calc(100% + .25rem)}}");
    }

    #[test]
    fn a_token_of_one_value_gives_way_to_it_and_one_of_many_gets_a_short_name() {
        let source = ":root { --space: .5rem; --gap: calc(2 * var(--space)); --unused: var(--other); --other: 1px; --brand-2: red; }\n\
                      :root, [data-theme=\"light\"] { --line: #000; --line-strong: #111; }\n[data-theme=\"dark\"] { --line: #fff; --line-strong: #eee; }\n\
                      .btn { gap: var(--gap); border: 1px solid var(--line-strong); outline: 1px solid var(--line); color: var(--brand-2); }";
        assert_eq!(
            of(source),
            ":root{--brand-2:red}:root,[data-theme=\"light\"]{--a:#000;--b:#111}[data-theme=\"dark\"]{--a:#fff;--b:#eee}\
             .btn{gap:calc(2 * .5rem);border:1px solid var(--b);outline:1px solid var(--a);color:var(--brand-2)}"
        );
    }

    #[test]
    fn a_token_that_a_setting_changes_stays_one() {
        let source =
            ":root { --t: 1s; }\n@media (prefers-reduced-motion: reduce) { :root { --t: 0s; } }\n.btn { transition: color var(--t); }";
        assert_eq!(of(source), ":root{--a:1s}@media (prefers-reduced-motion:reduce){:root{--a:0s}}.btn{transition:color var(--a)}");
    }
}

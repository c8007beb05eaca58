//! A request as a command for a shell, to be tried by hand. What is masked in the log is a placeholder here.

/// What stands in the command where the log has no value.
pub const PLACEHOLDER: &str = "REPLACE-ME";
/// What the log has instead of a value.
const MASKS: [&str; 2] = ["•••", "…"];
/// Headers that curl makes itself.
const OF_CURL: [&str; 2] = ["host", "content-length"];

/// A text as one word that every POSIX shell reads back as it is. A text with a NUL can't be an argument; nothing here has one.
#[must_use]
pub fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// `curl` for a POST of `body` with these headers.
#[must_use]
pub fn command(url: &str, headers: &[(String, String)], body: &str) -> String {
    // Brackets in addresses would be patterns, and a body that begins with an @ the name of a file.
    let mut lines = vec![format!("curl --globoff --request POST {}", quoted(&unmasked(url)))];
    for (name, value) in headers.iter().filter(|(name, _)| !OF_CURL.contains(&name.to_ascii_lowercase().as_str())) {
        // Without a value curl would leave the header out; a semicolon says that it is meant.
        let header = if value.is_empty() { format!("{name};") } else { format!("{name}: {}", unmasked(value)) };
        lines.push(format!("--header {}", quoted(&header)));
    }
    lines.push(format!("--data-raw {}", quoted(body)));
    lines.join(" \\\n  ")
}

fn unmasked(text: &str) -> String {
    MASKS.iter().find_map(|mask| text.strip_suffix(mask)).map_or_else(|| text.to_owned(), |head| format!("{head}{PLACEHOLDER}"))
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use proptest::prelude::*;

    use super::{command, quoted};

    fn read_back(script: &str) -> Vec<u8> {
        let output = Command::new("sh").args(["-c", script]).env_clear().env("PATH", "/usr/bin:/bin").output().expect("a shell");
        assert!(output.status.success(), "{script}: {}", String::from_utf8_lossy(&output.stderr));
        output.stdout
    }

    /// What a program is called with, each argument ended by a NUL.
    fn arguments(command: &str) -> Vec<String> {
        let script = format!("curl() {{ for a in \"$@\"; do printf '%s\\0' \"$a\"; done; }}\n{command}");
        let read = String::from_utf8(read_back(&script)).expect("UTF-8");
        read.strip_suffix('\0').unwrap_or(&read).split('\0').map(str::to_owned).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

        #[test]
        fn a_shell_reads_a_quoted_text_back_as_it_is(text in "[^\0]{0,80}") {
            prop_assert_eq!(read_back(&format!("printf %s {}", quoted(&text))), text.as_bytes());
        }

        #[test]
        fn a_shell_calls_curl_with_the_very_body(body in "[^\0]{0,80}", value in "[ -~]{1,20}") {
            let headers = [("x-key".to_owned(), value.clone())];
            let called = arguments(&command("https://crm.example.com/a?b=[1]", &headers, &body));
            prop_assert_eq!(called.last(), Some(&body));
            let header = format!("x-key: {value}");
            prop_assert!(called.contains(&header));
        }
    }

    #[test]
    fn quotes_dollars_backslashes_and_lines_are_letters_like_others() {
        for text in ["it's", "''", "$(id) `id` $HOME", "a\\nb\\", "-n", "@file", "two\nlines\r\n", "ação 🎉", "!!", ""] {
            assert_eq!(read_back(&format!("printf %s {}", quoted(text))), text.as_bytes(), "{text}");
        }
    }

    #[test]
    fn masked_values_are_placeholders_and_an_empty_header_is_sent() {
        let headers = [("host", "crm.example.com"), ("webhook-previous", ""), ("x-loja", "•••")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()));
        let called = arguments(&command("https://crm.example.com/papo?…", &headers, "{}"));
        let expected = [
            "--globoff",
            "--request",
            "POST",
            "https://crm.example.com/papo?REPLACE-ME",
            "--header",
            "webhook-previous;",
            "--header",
            "x-loja: REPLACE-ME",
            "--data-raw",
            "{}",
        ];
        assert_eq!(called, expected);
    }
}

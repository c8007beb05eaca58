//! What is said of a frame that is wrong.

use super::*;

#[test]
fn a_frame_that_is_wrong_is_told_what_is_wrong() {
    let code = |text: &str| visitor(text).map(|_| ()).map_err(|error| (error.code, error.client_id));
    assert_eq!(code(r#"{"type":"message","client_id":"a","chat_id":"c","body":"oi"}"#), Ok(()));
    assert_eq!(code("{"), Err(("frame_malformed", None)));
    assert_eq!(code("[]"), Err(("frame_malformed", None)));
    assert_eq!(code(r#"{"no":"type"}"#), Err(("frame_malformed", None)));
    assert_eq!(code(r#"{"type":"dance","client_id":"a"}"#), Err(("command_unknown", Some("a".to_owned()))));
    assert_eq!(code(r#"{"type":"message","client_id":"a"}"#), Err(("frame_malformed", Some("a".to_owned()))));
    assert_eq!(code(r#"{"type":"message","client_id":"a b"}"#), Err(("client_id_invalid", None)));
    assert_eq!(code(r#"{"type":"message","client_id":7}"#), Err(("client_id_invalid", None)));
    assert_eq!(code(r#"{"type":"accept","client_id":"a"}"#), Err(("command_unknown", Some("a".to_owned()))));
}

#[test]
fn half_a_character_is_called_what_it_is() {
    for half in [r"oi \ud83e", r"\ud83e oi", r"\udd80"] {
        let error = visitor(&format!(r#"{{"type":"message","client_id":"a","chat_id":"c","body":"{half}"}}"#)).expect_err("no text");
        assert_eq!((error.code, error.client_id.as_deref()), ("frame_malformed", Some("a")));
        assert!(error.detail.contains("surrogate"), "{}", error.detail);
    }
}

#[test]
fn every_word_is_a_command() {
    for word in VISITOR_WORDS {
        let refused = visitor(&format!(r#"{{"type":"{word}"}}"#)).err();
        assert!(refused.is_none_or(|error| !error.detail.contains("unknown variant")), "{word}");
    }
    for word in AGENT_WORDS {
        let refused = agent(&format!(r#"{{"type":"{word}"}}"#)).err();
        assert!(refused.is_none_or(|error| !error.detail.contains("unknown variant")), "{word}");
    }
}

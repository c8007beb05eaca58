//! Answers that go out packed, where the browser can unpack them. Deliberately doesn't know what is in them.

use std::io::Write as _;

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse};
use flate2::Compression;
use flate2::write::GzEncoder;

/// An answer that is made anew each time and holds no secret beside what the reader chose, packed where the browser can unpack.
#[must_use]
pub fn packed(request: &HttpRequest, mime: &'static str, content: String) -> HttpResponse {
    let mut response = HttpResponse::Ok();
    response.insert_header((header::CONTENT_TYPE, mime)).insert_header((header::VARY, "Accept-Encoding"));
    match takes(request, "gzip").then(|| gzip(content.as_bytes())).flatten() {
        Some(packed) => response.insert_header((header::CONTENT_ENCODING, "gzip")).body(packed),
        None => response.body(content),
    }
}

/// The content as small as gzip makes it.
pub fn gzip(content: &[u8]) -> Option<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(content).ok()?;
    encoder.finish().ok()
}

/// Whether the request accepts this coding.
pub fn takes(request: &HttpRequest, wanted: &str) -> bool {
    let accepted = request.headers().get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).unwrap_or_default();
    accepted.split(',').any(|item| {
        let (coding, weight) = item.split_once(';').unwrap_or((item, ""));
        let refused = weight.trim().strip_prefix("q=").is_some_and(|q| q.trim().parse::<f32>().is_ok_and(|q| q <= 0.0));
        coding.trim().eq_ignore_ascii_case(wanted) && !refused
    })
}

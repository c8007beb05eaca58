//! What `build.rs` made of the visitor's window. Knows nothing of requests.

/// A path with what `build.rs` made for it: plain, in gzip, in Brotli.
macro_rules! made {
    ($path:literal, $name:literal) => {
        Made {
            path: $path,
            plain: include_bytes!(concat!(env!("OUT_DIR"), "/", $name)),
            gzip: include_bytes!(concat!(env!("OUT_DIR"), "/", $name, ".gz")),
            brotli: include_bytes!(concat!(env!("OUT_DIR"), "/", $name, ".br")),
        }
    };
}

/// One file, packed as small as it goes.
pub struct Made {
    /// Under `static/`, where no file of that path is.
    pub path: &'static str,
    pub plain: &'static [u8],
    pub gzip: &'static [u8],
    pub brotli: &'static [u8],
}

/// The visitor's window: 35 small files would cost a phone on HTTP/1.1 several round trips and twice the bytes.
pub static MADE: [Made; 4] = [
    made!("css/widget/joined.css", "widget.css"),
    made!("widget/joined/en.js", "widget.en.js"),
    made!("widget/joined/es.js", "widget.es.js"),
    made!("widget/joined/pt-BR.js", "widget.pt-BR.js"),
];

//! The files of `static/`, embedded in the binary and served under addresses that carry their content's hash.
//!
//! A file's address changes with its content, so browsers keep it for ever and an upgrade never mixes old and new modules: pages
//! name modules by bare specifiers (`lib/socket`) that the import map resolves. `url(…)` in style sheets is rewritten to the hashed address.
//! Scripts and style sheets go out without their comments; the visitor's window has one script for each language and one style sheet, which
//! `build.rs` makes of the others: `widget/joined/en.js`, `css/widget/joined.css`.
//! Everything is read once, at the first use. Knows nothing of pages or of who asks.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::future::{Ready, ready};
use std::sync::{LazyLock, OnceLock};

use actix_web::http::header::{self, HeaderValue};
use actix_web::{HttpRequest, HttpResponse, web};
use bytes::Bytes;
use rust_embed::Embed;
use sha2::{Digest, Sha256};

use super::error::AppError;
use super::lean::without_comments;
use super::made::MADE;
use super::packing::{self, takes};

#[derive(Embed)]
#[folder = "static/"]
struct Files;

/// The only script on foreign pages: it has a short address of its own and is no module.
const LOADER: &str = "widget/loader.js";
/// Hexadecimal digits of the SHA-256 in an address: 48 bits, far beyond a clash between versions of one file.
const HASH_DIGITS: usize = 12;
/// A year, what RFC 9111 caches take as "for ever".
const FOR_EVER: &str = "public, max-age=31536000, immutable";

static SHELF: LazyLock<Shelf> = LazyLock::new(Shelf::load);

/// Every static file of this version; costs nothing to make, so that each page can have its own.
#[derive(Clone, Copy, Debug, Default)]
pub struct Assets;

struct Shelf {
    /// By the path in `static/`.
    by_path: BTreeMap<String, Asset>,
    /// From the address, without `/static/`, to the path.
    by_address: BTreeMap<String, String>,
}

/// One static file.
pub struct Asset {
    /// What it holds, as served without compression.
    pub content: Bytes,
    /// Its media type.
    pub mime: HeaderValue,
    /// The first digits of its SHA-256.
    pub hash: String,
    url: String,
    gzip: OnceLock<Option<Bytes>>,
    /// Only of what was packed when the program was built: it takes a second.
    brotli: Option<Bytes>,
}

impl Assets {
    /// The address of the file `static/<path>`. An unknown path gets an address that answers 404; a test holds the templates against it.
    #[must_use]
    pub fn url(self, path: &str) -> &'static str {
        SHELF.by_path.get(path).map_or("/static/unknown", |asset| &asset.url)
    }

    /// The file `static/<path>` itself.
    #[must_use]
    pub fn file(self, path: &str) -> Option<&'static Asset> {
        SHELF.by_path.get(path)
    }

    /// The import map of every module there is.
    #[must_use]
    pub fn importmap(self) -> String {
        let folders: BTreeSet<&str> = SHELF.by_path.keys().filter_map(|path| path.split('/').next()).collect();
        self.importmap_of(&folders.into_iter().collect::<Vec<_>>())
    }

    /// The import map for pages that use the modules of these folders (`["lib", "widget"]`). Images and sounds are in every map under their
    /// path with its ending, so that scripts find their address by `import.meta.resolve("sounds/ring.mp3")`.
    #[must_use]
    pub fn importmap_of(self, folders: &[&str]) -> String {
        let mut imports = serde_json::Map::new();
        for (path, asset) in &SHELF.by_path {
            let folder = path.split('/').next().unwrap_or_default();
            if folders.contains(&folder) && is_module(path) {
                imports.insert(specifier_of(path).to_owned(), asset.url.as_str().into());
            } else if ["images", "sounds"].contains(&folder) {
                imports.insert(path.clone(), asset.url.as_str().into());
            }
        }
        serde_json::json!({"imports": imports}).to_string()
    }

    /// The addresses of every module that `entry` (`widget/main`) needs, itself first: for `modulepreload`, so that they all come at once.
    #[must_use]
    pub fn modules(self, entry: &str) -> Vec<&'static str> {
        let mut found = Vec::new();
        let mut seen = BTreeSet::new();
        let mut open = vec![entry.to_owned()];
        while let Some(specifier) = open.pop() {
            let Some(asset) = SHELF.by_path.get(&format!("{specifier}.js")) else { continue };
            if seen.insert(specifier) {
                found.push(asset.url.as_str());
                open.extend(imports_of(&asset.content));
            }
        }
        found
    }
}

impl Shelf {
    fn load() -> Self {
        let mut shelf = Self { by_path: BTreeMap::new(), by_address: BTreeMap::new() };
        // Style sheets come last: their hash is taken after the addresses inside them are known.
        let mut paths: Vec<_> = Files::iter().collect();
        paths.sort_by_key(|path| (path.ends_with(".css"), path.to_string()));
        for path in paths {
            let file = Files::get(&path).expect("an embedded path has its file");
            let content = if path.ends_with(".css") { shelf.with_hashed_urls(&path, &file.data) } else { file.data.into_owned() };
            shelf.add(&path, if is_source(&path) { without_comments(&String::from_utf8_lossy(&content)).into_bytes() } else { content });
        }
        for made in &MADE {
            shelf.add(made.path, made.plain.to_vec());
            if let Some(asset) = shelf.by_path.get_mut(made.path) {
                asset.gzip = OnceLock::from(Some(Bytes::from_static(made.gzip)));
                asset.brotli = Some(Bytes::from_static(made.brotli));
            }
        }
        shelf
    }

    fn add(&mut self, path: &str, content: Vec<u8>) {
        let hash = hash_of(&content);
        let (stem, ending) = path.rsplit_once('.').unwrap_or((path, "bin"));
        let address = format!("{stem}.{hash}.{ending}");
        let url = format!("/static/{address}");
        let asset = Asset { content: content.into(), mime: mime_of(path), hash, url, gzip: OnceLock::new(), brotli: None };
        self.by_address.insert(address, path.to_owned());
        self.by_path.insert(path.to_owned(), asset);
    }

    /// A style sheet whose relative `url(…)` of known files became their hashed addresses.
    fn with_hashed_urls(&self, path: &str, content: &[u8]) -> Vec<u8> {
        let text = String::from_utf8_lossy(content);
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        let mut parts = text.split("url(");
        let mut rewritten = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            rewritten.push_str("url(");
            let (reference, rest) = part.split_once(')').unwrap_or((part, ""));
            let (file, fragment) = split_fragment(reference.trim().trim_matches(['"', '\'']));
            match self.by_path.get(&resolve(folder, file)) {
                Some(asset) => write!(rewritten, "\"{}{fragment}\"){rest}", asset.url).expect("a String takes everything"),
                None => rewritten.push_str(part),
            }
        }
        rewritten.into_bytes()
    }
}

impl Asset {
    /// The compressed content where that is smaller; made once, at the first request for it.
    fn gzip(&self) -> Option<&Bytes> {
        let compress = || packing::gzip(&self.content).filter(|packed| packed.len() < self.content.len()).map(Bytes::from);
        if !self.is_text() {
            return None;
        }
        self.gzip.get_or_init(compress).as_ref()
    }

    fn is_text(&self) -> bool {
        self.mime.to_str().is_ok_and(|mime| mime.contains("charset="))
    }

    /// The answer to a request for this file: 304 where the browser has it, packed where the browser can unpack.
    #[must_use]
    pub fn answer(&self, request: &HttpRequest, cache_control: &'static str) -> HttpResponse {
        let brotli = self.brotli.as_ref().filter(|_| takes(request, "br")).map(|packed| ("br", packed));
        let packed = brotli.or_else(|| self.gzip().filter(|_| takes(request, "gzip")).map(|packed| ("gzip", packed)));
        let etag = packed.map_or_else(|| format!("\"{}\"", self.hash), |(coding, _)| format!("\"{}-{coding}\"", self.hash));
        let known = request.headers().get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok());
        let fresh = known.is_some_and(|known| known.split(',').any(|tag| tag.trim().trim_start_matches("W/") == etag));
        let mut response = if fresh { HttpResponse::NotModified() } else { HttpResponse::Ok() };
        response.insert_header((header::CACHE_CONTROL, cache_control)).insert_header((header::ETAG, etag));
        response.insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"));
        if self.is_text() {
            response.insert_header((header::VARY, "Accept-Encoding"));
        }
        if fresh {
            return response.finish();
        }
        response.insert_header((header::CONTENT_TYPE, self.mime.clone()));
        if let Some((coding, _)) = packed {
            response.insert_header((header::CONTENT_ENCODING, coding));
        }
        response.body(packed.map_or(&self.content, |(_, packed)| packed).clone())
    }
}

/// `GET /static/{address:.*}`.
pub fn show(address: web::Path<String>, request: HttpRequest) -> Ready<Result<HttpResponse, AppError>> {
    let path = SHELF.by_address.get(address.as_str());
    let asset = path.and_then(|path| SHELF.by_path.get(path));
    ready(asset.map(|asset| asset.answer(&request, FOR_EVER)).ok_or(AppError::NotFound))
}

fn is_source(path: &str) -> bool {
    path.ends_with(".js") || path.ends_with(".css")
}

fn is_module(path: &str) -> bool {
    path.ends_with(".js") && path != LOADER && MADE.iter().all(|made| made.path != path)
}

fn specifier_of(path: &str) -> &str {
    path.strip_suffix(".js").unwrap_or(path)
}

/// The bare specifiers of a module's static imports. Good for our own modules, whose imports `tests/tidy` reads the same way.
fn imports_of(content: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(content);
    let mut found = Vec::new();
    for marker in ["from \"", "import \""] {
        let after = text.split(marker).skip(1);
        found.extend(after.filter_map(|rest| rest.split_once('"')).map(|(specifier, _)| specifier.to_owned()));
    }
    found
}

fn hash_of(content: &[u8]) -> String {
    let mut hash = String::with_capacity(HASH_DIGITS);
    for byte in Sha256::digest(content).iter().take(HASH_DIGITS / 2) {
        write!(hash, "{byte:02x}").expect("a String takes everything");
    }
    hash
}

fn mime_of(path: &str) -> HeaderValue {
    let mime = mime_guess::from_path(path).first_or_octet_stream();
    let text = ["javascript", "css", "svg", "json", "plain", "html"].iter().any(|kind| mime.essence_str().contains(kind));
    let value = if text { format!("{}; charset=utf-8", mime.essence_str()) } else { mime.essence_str().to_owned() };
    HeaderValue::from_str(&value).expect("a media type is a valid header value")
}

fn split_fragment(reference: &str) -> (&str, &str) {
    reference.find('#').map_or((reference, ""), |at| reference.split_at(at))
}

/// `../images/tile.svg`, seen from `css`, is `images/tile.svg`.
fn resolve(folder: &str, reference: &str) -> String {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in reference.split('/') {
        match part {
            "." => {}
            ".." => drop(parts.pop()),
            name => parts.push(name),
        }
    }
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use actix_web::http::{StatusCode, header};
    use actix_web::test::TestRequest;

    use super::{Assets, FOR_EVER, Shelf, imports_of};
    use crate::i18n::{Locale, Texts};

    fn shelf() -> Shelf {
        let mut shelf = Shelf { by_path: BTreeMap::new(), by_address: BTreeMap::new() };
        shelf.add("images/tile.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>".to_vec());
        shelf.add("lib/socket.js", "export const answer = 42;\n".repeat(50).into_bytes());
        shelf
    }

    #[test]
    fn a_style_sheet_names_the_hashed_address_of_its_images() {
        let shelf = shelf();
        let tile = &shelf.by_path.get("images/tile.svg").expect("added").url;
        let css =
            shelf.with_hashed_urls("css/base.css", br##"a{b:url("../images/tile.svg#x");c:url(data:x)}d{e:url(../images/none.svg)}"##);
        assert_eq!(String::from_utf8_lossy(&css), format!(r#"a{{b:url("{tile}#x");c:url(data:x)}}d{{e:url(../images/none.svg)}}"#));
    }

    #[test]
    fn a_browser_that_unpacks_gets_it_packed_and_one_that_has_it_gets_nothing() {
        let shelf = shelf();
        let script = shelf.by_path.get("lib/socket.js").expect("added");
        let plain =
            script.answer(&TestRequest::default().insert_header((header::ACCEPT_ENCODING, "br, gzip;q=0")).to_http_request(), FOR_EVER);
        assert!(plain.headers().get(header::CONTENT_ENCODING).is_none());
        let packed =
            script.answer(&TestRequest::default().insert_header((header::ACCEPT_ENCODING, "br, gzip")).to_http_request(), FOR_EVER);
        assert_eq!(packed.headers().get(header::CONTENT_ENCODING).expect("packed"), "gzip");
        assert_eq!(packed.headers().get(header::VARY).expect("varies"), "Accept-Encoding");
        assert_eq!(packed.headers().get(header::CONTENT_TYPE).expect("typed"), "text/javascript; charset=utf-8");
        let etag = packed.headers().get(header::ETAG).expect("tagged").clone();
        assert_ne!(plain.headers().get(header::ETAG), Some(&etag), "two encodings are two representations");
        let again = TestRequest::default().insert_header((header::ACCEPT_ENCODING, "gzip")).insert_header((header::IF_NONE_MATCH, etag));
        assert_eq!(script.answer(&again.to_http_request(), FOR_EVER).status(), StatusCode::NOT_MODIFIED);
    }

    #[test]
    fn the_window_comes_in_the_smallest_coding_that_the_browser_takes() {
        let script = Assets.file("widget/joined/en.js").expect("made by build.rs");
        let coding_of = |accepted: &'static str| {
            let request = TestRequest::default().insert_header((header::ACCEPT_ENCODING, accepted)).to_http_request();
            script.answer(&request, FOR_EVER).headers().get(header::CONTENT_ENCODING).map(|coding| coding.as_bytes().to_vec())
        };
        assert_eq!(coding_of("gzip, deflate, br, zstd"), Some(b"br".to_vec()));
        assert_eq!(coding_of("gzip, deflate"), Some(b"gzip".to_vec()));
        assert_eq!(coding_of("identity"), None);
    }

    #[test]
    fn imports_are_found_in_every_spelling_of_ours() {
        let module = br#"import { a,
            b } from "lib/socket";
            import "widget/form"; export * from "lib/time"; /** @type {import("lib/x").Y} */"#;
        assert_eq!(imports_of(module), ["lib/socket", "lib/time", "widget/form"]);
    }

    #[test]
    fn what_a_page_preloads_is_in_its_import_map() {
        let map = Assets.importmap_of(&["lib", "widget"]);
        let modules = Assets.modules("widget/main");
        assert!(modules.len() > 1, "{modules:?}");
        assert!(modules.iter().all(|url| map.contains(url)), "{modules:?} in {map}");
        assert!(!map.contains("widget/loader") && !map.contains("widget/joined"), "neither is a module to import");
    }

    #[test]
    fn the_widget_is_one_script_and_one_style_sheet() {
        for locale in Locale::ALL {
            let script = &Assets.file(&format!("widget/joined/{}.js", locale.tag())).expect("made by build.rs").content;
            let script = String::from_utf8_lossy(script);
            let title = Texts::for_locale(locale).text("widget.hello.title");
            assert!(script.contains(title) && !script.contains("widget.hello"), "it has its texts, and no keys: {script}");
            assert!(!script.contains("import ") && !script.contains("export ") && !script.contains("@ts-check"), "{script}");
        }
        let style = &Assets.file("css/widget/joined.css").expect("made by build.rs").content;
        assert!(style.len() > 10_000 && !style.windows(2).any(|pair| pair == b"/*"), "{} bytes", style.len());
        assert!(!style.windows(4).any(|part| part == b"url("), "its address would have to carry a hash");
    }

    /// V14 of the product: what a stranger's page pays before a click. What a visitor pays after it: `tests/it/door.rs`.
    #[test]
    fn the_loader_stays_small() {
        let packed = |path: &str| Assets.file(path).and_then(|asset| asset.gzip()).map_or(usize::MAX, |packed| packed.len());
        assert!(packed("widget/loader.js") <= 2_790, "loader: {}", packed("widget/loader.js"));
    }
}

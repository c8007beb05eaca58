//! Makes the visitor's window small while the program is built, because a stranger's phone fetches it: one script for each language and one
//! style sheet, from the modules and sheets in `static/` and the texts in `locales/`, each of them plain, in gzip and in Brotli, packed as small
//! as it goes. `src/web/assets.rs` embeds and serves them.

#![expect(clippy::panic, reason = "what can't be built must stop the build")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::{env, fs};

use brotli::enc::BrotliEncoderParams;
use oxc::allocator::Allocator;
use oxc::codegen::{Codegen, CodegenOptions};
use oxc::minifier::{Minifier, MinifierOptions};
use oxc::parser::Parser;
use oxc::semantic::SemanticBuilder;
use oxc::span::SourceType;

#[path = "build/script.rs"]
mod script;
#[path = "build/style.rs"]
mod style;

/// The module that starts the visitor's window.
const ENTRY: &str = "widget/main";
/// The style sheets of the visitor's window, in order.
const STYLES: [&str; 11] =
    ["tokens", "base", "brand", "button", "field", "signal", "notice", "widget/window", "widget/form", "widget/queue", "widget/talk"];
/// The tokens that a site's colour replaces.
const SITE_TOKENS: [&str; 2] = ["--brand", "--on-brand"];
const PAGE: &str = "templates/widget/frame.html";
const LOCALES: [&str; 3] = ["pt-BR", "en", "es"];

fn main() {
    for path in ["build.rs", "build", "static/css", "static/lib", "static/widget", "locales", PAGE] {
        println!("cargo::rerun-if-changed={path}");
    }
    let into = env::var("OUT_DIR").unwrap_or_else(|error| panic!("cargo says where to write: {error}"));
    let into = Path::new(&into);
    let modules = script::joined(ENTRY, &|specifier| Some(read(&format!("static/{specifier}.js"))));
    let mut code = String::new();
    for locale in LOCALES {
        let texts: BTreeMap<String, String> =
            serde_json::from_str(&read(&format!("locales/{locale}/widget.json"))).unwrap_or_else(|error| panic!("{locale}: {error}"));
        let made = script::with_texts(&modules, &texts).and_then(|script| minified(&script));
        code = made.unwrap_or_else(|error| panic!("the widget's script, {locale}: {error}"));
        write(into, &format!("widget.{locale}.js"), &code);
    }
    let page = read(PAGE);
    let named: BTreeSet<&str> =
        [&code, &page].into_iter().flat_map(|text| text.split(|letter: char| !letter.is_alphanumeric() && letter != '-')).collect();
    let sheets: String = STYLES.iter().map(|name| read(&format!("static/css/{name}.css"))).collect();
    write(into, "widget.css", &style::lean(&sheets, &named, &SITE_TOKENS));
}

/// The module with short names and without what no machine needs.
///
/// # Errors
/// What makes it no module, for instance a name that two of the joined ones declare.
fn minified(script: &str) -> Result<String, String> {
    let allocator = Allocator::default();
    let parsed = Parser::new(&allocator, script, SourceType::mjs()).parse();
    let mut program = parsed.program;
    let checked = SemanticBuilder::new().with_check_syntax_error(true).build(&program);
    if let Some(error) = parsed.errors.first().or_else(|| checked.errors.first()) {
        return Err(error.to_string());
    }
    let minified = Minifier::new(MinifierOptions::default()).minify(&allocator, &mut program);
    Ok(Codegen::new().with_options(CodegenOptions::minify()).with_scoping(minified.scoping).build(&program).code)
}

fn read(path: &str) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Writes `name`, `name.gz` and `name.br`.
fn write(folder: &Path, name: &str, content: &str) {
    let write = |ending: &str, bytes: &[u8]| fs::write(folder.join(format!("{name}{ending}")), bytes);
    let all = || -> std::io::Result<()> {
        write("", content.as_bytes())?;
        let mut gzip = Vec::new();
        zopfli::compress(zopfli::Options::default(), zopfli::Format::Gzip, content.as_bytes(), &mut gzip)?;
        write(".gz", &gzip)?;
        let mut brotli = Vec::new();
        let best = BrotliEncoderParams { size_hint: content.len(), ..BrotliEncoderParams::default() };
        brotli::BrotliCompress(&mut content.as_bytes(), &mut brotli, &best)?;
        write(".br", &brotli)
    };
    all().unwrap_or_else(|error| panic!("{name}: {error}"));
}

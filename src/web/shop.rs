//! The shop of the demo: a stranger's website, on another origin than Papo, whose policy allows Papo nothing but its script and its frame.
//!
//! It has a server of its own and knows of Papo only addresses and a site's key, as any website would: no store, no session.

use actix_web::http::header;
use actix_web::middleware::from_fn;
use actix_web::web::{self, Data, Path, Query};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use serde::Deserialize;
use url::Url;

use super::addresses::{Addresses, get};
use super::assets::Assets;
use super::error;
use super::head;
use super::loopback::only_loopback;
use crate::i18n::{Locale, Texts};

/// What the shop knows of Papo.
#[derive(Clone, Debug)]
pub struct ShopState {
    /// Where Papo is.
    pub papo_url: Url,
    /// The site that the script tag names.
    pub site_key: String,
    /// For the note at the top, which a real shop wouldn't have.
    pub console_url: String,
    pub inspector_url: String,
}

/// Something to buy: its path and the end of its keys in `locales/*/demo.json`, and its picture in `static/demo/`.
pub struct Piece {
    slug: &'static str,
    image: &'static str,
}

/// In the order of the menu; the first one is what the shop shows off.
const PIECES: &[Piece] = &[
    Piece { slug: "tigela", image: "bowl.svg" },
    Piece { slug: "caneca", image: "mug.svg" },
    Piece { slug: "jarra", image: "jug.svg" },
    Piece { slug: "prato", image: "plate.svg" },
    Piece { slug: "vaso", image: "vase.svg" },
];

const LANGUAGES: [(&str, &str); 3] =
    [(Locale::PtBr.tag(), Locale::PtBr.own_name()), (Locale::En.tag(), Locale::En.own_name()), (Locale::Es.tag(), Locale::Es.own_name())];

/// What every page of the shop has around it.
struct ShopFrame<'a> {
    lang: &'static str,
    t: &'static Texts,
    script_src: String,
    site_key: &'a str,
    console_url: &'a str,
    inspector_url: &'a str,
    pieces: &'static [Piece],
    languages: [(&'static str, &'static str); 3],
    /// The current page without its slash.
    at: &'a str,
    path: String,
    /// `?lang=…` where the visitor chose a language, so that the next page keeps it.
    query: String,
}

impl<'a> ShopFrame<'a> {
    fn new(request: &HttpRequest, asked: &Asked, state: &'a ShopState, at: &'a str) -> Self {
        let chosen = asked.lang.as_deref().and_then(Locale::parse);
        let locale = chosen.unwrap_or_else(|| error::locale(request));
        Self {
            lang: locale.tag(),
            t: Texts::for_locale(locale),
            script_src: format!("{}/widget.js", origin(state)),
            site_key: &state.site_key,
            console_url: &state.console_url,
            inspector_url: &state.inspector_url,
            pieces: PIECES,
            languages: LANGUAGES,
            at,
            path: format!("/{at}"),
            query: chosen.map(|locale| format!("?lang={locale}")).unwrap_or_default(),
        }
    }

    /// What the texts of one kind (`demo.name`, `demo.price`…) say about a piece.
    fn text(&self, kind: &str, piece: &Piece) -> String {
        self.t.text(&format!("{kind}.{}", piece.slug)).to_owned()
    }

    fn cart_query(&self, piece: &Piece) -> String {
        let joint = if self.query.is_empty() { "?" } else { "&" };
        format!("{}{joint}peca={}", self.query, piece.slug)
    }
}

#[derive(Template)]
#[template(path = "demo/shop.html")]
struct ShopPage<'a> {
    shop: ShopFrame<'a>,
    first: &'static Piece,
    others: Vec<&'static Piece>,
}

#[derive(Template)]
#[template(path = "demo/piece.html")]
struct PiecePage<'a> {
    shop: ShopFrame<'a>,
    piece: &'static Piece,
    others: Vec<&'static Piece>,
}

#[derive(Template)]
#[template(path = "demo/cart.html")]
struct CartPage<'a> {
    shop: ShopFrame<'a>,
    chosen: Option<&'static Piece>,
}

#[derive(Deserialize)]
struct Asked {
    lang: Option<String>,
    peca: Option<String>,
}

/// The addresses of the shop, for a server of its own that has [`ShopState`] as its data.
pub fn routes(cfg: &mut web::ServiceConfig) {
    let mut table = Addresses::default();
    table.route("/", get(home)).route("/carrinho", get(cart)).route("/files/{file}", get(file)).route("/{slug}", get(piece));
    cfg.service(
        web::scope("")
            .wrap(from_fn(head::as_get))
            .wrap(from_fn(only_loopback))
            .configure(|cfg| table.register(cfg))
            .default_service(web::to(HttpResponse::NotFound)),
    );
}

async fn home(request: HttpRequest, asked: Query<Asked>, state: Data<ShopState>) -> HttpResponse {
    let [first, others @ ..] = PIECES else { return HttpResponse::NotFound().finish() };
    let page = ShopPage { shop: ShopFrame::new(&request, &asked, &state, ""), first, others: others.iter().collect() };
    answer(&state, &page)
}

async fn piece(request: HttpRequest, slug: Path<String>, asked: Query<Asked>, state: Data<ShopState>) -> HttpResponse {
    let Some(piece) = of_slug(&slug) else { return HttpResponse::NotFound().finish() };
    let others = PIECES.iter().filter(|other| other.slug != piece.slug).collect();
    let page = PiecePage { shop: ShopFrame::new(&request, &asked, &state, piece.slug), piece, others };
    answer(&state, &page)
}

async fn cart(request: HttpRequest, asked: Query<Asked>, state: Data<ShopState>) -> HttpResponse {
    let chosen = asked.peca.as_deref().and_then(of_slug);
    let page = CartPage { shop: ShopFrame::new(&request, &asked, &state, "carrinho"), chosen };
    answer(&state, &page)
}

/// The shop's own style sheet and pictures.
async fn file(request: HttpRequest, name: Path<String>) -> HttpResponse {
    let found = Assets.file(&format!("demo/{name}"));
    found.map_or_else(|| HttpResponse::NotFound().finish(), |asset| asset.answer(&request, "no-cache"))
}

fn of_slug(slug: &str) -> Option<&'static Piece> {
    PIECES.iter().find(|piece| piece.slug == slug)
}

fn origin(state: &ShopState) -> String {
    state.papo_url.origin().ascii_serialization()
}

/// A page under a policy that is as strict as it gets: what a website has to allow for Papo is the two mentions of its origin, nothing more.
fn answer(state: &ShopState, page: &impl Template) -> HttpResponse {
    let Ok(html) = page.render() else { return HttpResponse::InternalServerError().finish() };
    let papo = origin(state);
    let policy = format!(
        "default-src 'none'; script-src {papo}; frame-src {papo}; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; \
         frame-ancestors 'none'"
    );
    HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, "text/html; charset=utf-8"))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header((header::CONTENT_SECURITY_POLICY, policy))
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((header::VARY, "Accept-Language"))
        .body(html)
}

#[cfg(test)]
mod tests {
    use actix_web::http::StatusCode;
    use actix_web::web::{Bytes, Data};
    use actix_web::{App, test};

    use super::{PIECES, ShopState, routes};
    use crate::i18n::{Locale, Texts};

    async fn get(path: &str, host: &str) -> (StatusCode, String, String) {
        let state = ShopState {
            papo_url: "http://127.0.0.1:8080/".parse().expect("an address"),
            site_key: "key".to_owned(),
            console_url: "http://127.0.0.1:8080/console".to_owned(),
            inspector_url: "http://127.0.0.1:8080/inspector/x".to_owned(),
        };
        let app = test::init_service(App::new().app_data(Data::new(state)).configure(routes)).await;
        let response = test::call_service(&app, test::TestRequest::get().uri(path).insert_header(("host", host)).to_request()).await;
        let policy = response.headers().get("content-security-policy").map_or("", |value| value.to_str().expect("text")).to_owned();
        let status = response.status();
        let body: Bytes = test::read_body(response).await;
        (status, policy, String::from_utf8_lossy(&body).into_owned())
    }

    #[actix_web::test]
    async fn the_shop_allows_papo_its_script_and_its_frame_and_nothing_else() {
        let (status, policy, page) = get("/", "localhost:8081").await;
        assert_eq!(status, StatusCode::OK);
        assert_eq!(
            policy,
            "default-src 'none'; script-src http://127.0.0.1:8080; frame-src http://127.0.0.1:8080; style-src 'self'; img-src 'self'; \
             base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        );
        assert_eq!(page.matches("<script").count(), 1, "one line of code is all there is");
        assert!(page.contains(r#"<script async src="http://127.0.0.1:8080/widget.js" data-site="key"></script>"#), "{page}");
    }

    #[actix_web::test]
    async fn a_name_that_was_pointed_at_this_machine_reaches_nothing() {
        for path in ["/", "/tigela", "/files/shop.css", "/nowhere"] {
            assert_eq!(get(path, "shop.example").await.0, StatusCode::MISDIRECTED_REQUEST, "{path}");
        }
    }

    #[actix_web::test]
    async fn a_chosen_language_goes_along_to_the_next_page() {
        let (_, _, page) = get("/tigela?lang=en", "localhost").await;
        assert!(
            page.contains("<html lang=\"en\">") && page.contains("Deep blue bowl") && page.contains("href=\"/vaso?lang=en\""),
            "{page}"
        );
        let (_, _, cart) = get("/carrinho?lang=en&peca=tigela", "localhost").await;
        assert!(cart.contains("Deep blue bowl"), "{cart}");
    }

    #[actix_web::test]
    async fn every_page_picture_and_text_of_a_piece_is_there() {
        for piece in PIECES {
            assert_eq!(get(&format!("/{}", piece.slug), "localhost").await.0, StatusCode::OK, "{}", piece.slug);
            assert_eq!(get(&format!("/files/{}", piece.image), "localhost").await.0, StatusCode::OK, "{}", piece.image);
            for kind in ["nav", "name", "price", "lead", "alt", "size", "glaze"] {
                let key = format!("demo.{kind}.{}", piece.slug);
                assert!(Texts::for_locale(Locale::PtBr).find(&key).is_some(), "{key}");
            }
        }
        assert_eq!(get("/files/..%2fwidget%2floader.js", "localhost").await.0, StatusCode::NOT_FOUND);
        assert_eq!(get("/jarro", "localhost").await.0, StatusCode::NOT_FOUND);
    }
}

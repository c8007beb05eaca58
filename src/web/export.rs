//! The delivery log as a file: streamed, so many rows at a time, newest first, up to what there was when it was asked for.

use std::sync::Arc;

use actix_web::http::header;
use actix_web::{Error, HttpResponse};
use bytes::Bytes;
use futures_util::stream;
use tokio::sync::{Semaphore, SemaphorePermit};

use super::error::AppError;
use crate::domain::delivery_filter::{DeliveryFilter, Listed, Turn};
use crate::store::Store;
use crate::store::audit::Author;
use crate::store::error::StoreError;
use crate::wire::api::deliveries::LoggedDelivery;
use crate::wire::delivery_file;

/// Rows that are read at a time; with bodies fewer, which may be long.
const ROWS: usize = 200;
const ROWS_WITH_BODIES: usize = 20;
/// Exports at once.
pub const EXPORTS_MAX: usize = 4;

static PLACES: Semaphore = Semaphore::const_new(EXPORTS_MAX);

/// How a file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Csv,
    Ndjson,
}

impl Format {
    /// The media types, for the API's document.
    pub const MEDIA: &'static [&'static str] = &["application/x-ndjson", "text/csv"];

    /// The words of each.
    #[must_use]
    pub fn words() -> Vec<&'static str> {
        vec!["ndjson", "csv"]
    }

    /// From its word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "csv" => Some(Self::Csv),
            "ndjson" => Some(Self::Ndjson),
            _ => None,
        }
    }

    const fn word(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Ndjson => "ndjson",
        }
    }

    const fn media(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8",
            Self::Ndjson => "application/x-ndjson",
        }
    }
}

/// What is wanted.
pub struct Wish {
    pub filter: DeliveryFilter,
    pub format: Format,
    /// Only for lines of JSON: with the body of each. Who asks must have the right.
    pub with_bodies: bool,
}

struct Open {
    store: Store,
    wish: Wish,
    turn: Option<Turn>,
    is_first: bool,
    _place: SemaphorePermit<'static>,
}

/// Begins an export, and notes it.
///
/// # Errors
/// `Overloaded` where too many run; faults of the store.
pub async fn open(store: &Store, wish: Wish, by: Author) -> Result<HttpResponse, AppError> {
    let place = PLACES.try_acquire().map_err(|_none| StoreError::Overloaded)?;
    let last = store.note_export(by, &wish.filter, wish.format.word(), wish.with_bodies).await?;
    let media = wish.format.media();
    let name = format!("attachment; filename=\"papo-deliveries.{}\"", wish.format.word());
    let turn = Some(Turn::Before(last.saturating_add(1)));
    let open = Open { store: store.clone(), wish, turn, is_first: true, _place: place };
    Ok(HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, media))
        .insert_header((header::CONTENT_DISPOSITION, name))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .streaming(stream::try_unfold(open, |mut open| async move {
            let chunk = open.next().await.map_err(Error::from)?;
            Ok::<_, Error>(chunk.map(|chunk| (chunk, open)))
        })))
}

impl Open {
    /// The next part of the file; none at its end.
    async fn next(&mut self) -> Result<Option<Bytes>, AppError> {
        let mut text = String::new();
        if std::mem::take(&mut self.is_first) && self.wish.format == Format::Csv {
            delivery_file::push_head(&mut text);
        }
        while text.is_empty()
            && let Some(turn) = self.turn.take()
        {
            let rows = if self.wish.with_bodies { ROWS_WITH_BODIES } else { ROWS };
            let page = self.store.delivery_log(self.wish.filter.clone(), Some(turn), rows).await?;
            self.turn = page.older.map(Turn::Before);
            self.write(&page.rows, &mut text).await?;
        }
        Ok((!text.is_empty()).then(|| Bytes::from(text)))
    }

    async fn write(&self, rows: &[Listed], text: &mut String) -> Result<(), AppError> {
        let (directory, now) = (Arc::clone(&self.store.directory()), self.store.clock().now());
        let mut bodies = if self.wish.with_bodies {
            self.store.delivery_bodies(rows.iter().map(|row| row.delivery.position).collect()).await?
        } else {
            std::collections::HashMap::new()
        };
        for row in rows {
            let logged = LoggedDelivery::of(row, &directory, now);
            match self.wish.format {
                Format::Csv => delivery_file::push_row(text, &logged),
                Format::Ndjson => delivery_file::push_line(text, &logged, bodies.remove(&row.delivery.position)),
            }
        }
        Ok(())
    }
}

//! How long the first page of each list takes to read, as the screens and the REST API ask for it.

use std::path::Path;
use std::time::{Duration, Instant};

use papo::clock::Clock;
use papo::domain::chat::State;
use papo::domain::ids::{AgentId, DepartmentId};
use papo::store::Store;
use papo::store::deliveries::DeliveryFilter;
use papo::store::error::StoreError;
use papo::store::search::{ChatFilter, Sight};

/// Reads of each; the first warms the cache.
const READS: usize = 21;
const PAGE: i64 = 50;

/// A list and the median of its reads.
pub type Timed = (String, Duration);

/// Times every list on data that no server has open. Also what it takes to open them.
///
/// # Errors
/// A fault of the store.
pub async fn time(folder: &Path) -> Result<Vec<Timed>, StoreError> {
    let began = Instant::now();
    let store = Store::open(&folder.join("data/papo.db"), Clock::system())?;
    let mut timed = vec![("opening the store".to_owned(), began.elapsed())];
    let directory = store.directory();
    let agent: AgentId =
        directory.agents.values().find(|agent| agent.email == "agent0@load.example").map(|agent| agent.id).unwrap_or_default();
    let departments: Vec<DepartmentId> = directory.departments.keys().copied().collect();
    let own = directory.departments.values().find(|department| department.member(agent).is_some()).map(|department| department.id);
    let now = store.clock().now();
    let today = papo::domain::protocol::day_start(now.wall, "America/Recife");
    let newest = store.search_chats(Sight { departments: departments.clone(), agent: None }, ChatFilter::default(), None, 1).await?;
    let chat = newest.first().map(|found| found.chat.clone()).ok_or(StoreError::NotFound)?;
    let desk = || store.desk(agent, own.into_iter().collect(), today);
    timed.push(median("an agent's desk: queue, own, ended today", desk).await?);
    let long_ago = papo::domain::time::Timestamp::from_ms(0);
    timed.push(median("a desk whose day is all of the past", || store.desk(agent, own.into_iter().collect(), long_ago)).await?);
    timed.push(
        median("a chat with its card, history and timeline", || {
            store.open_chat(chat.id, 0, Sight { departments: departments.clone(), agent: None })
        })
        .await?,
    );
    timed.push(median("a visitor's chat to resume", || store.chat_to_resume(chat.request.visitor, None)).await?);
    if let Some(own) = own {
        timed.push(median("a department's queue", || store.places(own)).await?);
    }
    timed.push(median("offline messages", || store.offline_messages(departments.clone())).await?);
    let deliveries = |filter: DeliveryFilter| store.deliveries(filter, None, PAGE);
    timed.push(median("deliveries", || deliveries(DeliveryFilter::default())).await?);
    timed.push(median("deliveries of a chat", || deliveries(DeliveryFilter { chat: Some(chat.id), ..DeliveryFilter::default() })).await?);
    let all = Sight { departments: departments.clone(), agent: None };
    let team = Sight { departments: own.into_iter().collect(), agent: None };
    let member = Sight { departments: own.into_iter().collect(), agent: Some(agent) };
    let tag = directory.tags.keys().next().copied();
    let filters = [
        ("all chats", all.clone(), ChatFilter::default()),
        ("a team's chats", team.clone(), ChatFilter::default()),
        ("what an agent may see", member.clone(), ChatFilter::default()),
        ("chats that an agent took part in", all.clone(), ChatFilter { agent: Some(agent), ..ChatFilter::default() }),
        ("chats of a visitor", all.clone(), ChatFilter { visitor: Some(chat.request.visitor), ..ChatFilter::default() }),
        ("chats with a tag", all.clone(), ChatFilter { tag, ..ChatFilter::default() }),
        ("waiting chats", all.clone(), ChatFilter { state: Some(State::Waiting), ..ChatFilter::default() }),
        ("active chats", all.clone(), ChatFilter { state: Some(State::Active), ..ChatFilter::default() }),
        ("missed chats", all.clone(), ChatFilter { state: Some(State::Missed), ..ChatFilter::default() }),
        ("finished chats", all.clone(), ChatFilter { state: Some(State::Finished), ..ChatFilter::default() }),
        ("chats of a department, by an admin", all.clone(), ChatFilter { department: own, ..ChatFilter::default() }),
        ("chats of a protocol", all.clone(), ChatFilter { protocol: Some(chat.request.protocol.clone()), ..ChatFilter::default() }),
        ("chats of a protocol that isn't", all.clone(), ChatFilter { protocol: Some("none".to_owned()), ..ChatFilter::default() }),
        (
            "an agent's chats before a time",
            member,
            ChatFilter { agent: Some(agent), until: Some(chat.requested_at), ..ChatFilter::default() },
        ),
    ];
    for (name, sight, filter) in filters {
        let search = || store.search_chats(sight.clone(), filter.clone(), None, PAGE);
        timed.push(median(&format!("search: {name}"), search).await?);
    }
    store.close().await;
    Ok(timed)
}

async fn median<T, F: Future<Output = Result<T, StoreError>>>(name: &str, read: impl Fn() -> F) -> Result<Timed, StoreError> {
    let mut took = Vec::with_capacity(READS);
    for _ in 0..READS {
        let began = Instant::now();
        read().await?;
        took.push(began.elapsed());
    }
    took.sort();
    Ok((name.to_owned(), took.get(READS / 2).copied().unwrap_or_default()))
}

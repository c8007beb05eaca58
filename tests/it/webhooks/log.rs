//! The log is turned page by page, both ways, while it grows; texts lead to what they name.

use papo::domain::delivery_filter::Turn;
use papo::domain::event_type::EventType;
use papo::domain::webhook_id::WebhookId;
use papo::store::deliveries::DeliveryFilter;

use super::receiver::{Answer, Receiver};
use super::world::{World, on_one_thread};

const REQUESTED: [EventType; 1] = [EventType::ChatRequested];

async fn page(world: &World, filter: &DeliveryFilter, turn: Option<Turn>) -> (Vec<i64>, Option<i64>, i64, bool) {
    let page = world.store.delivery_log(filter.clone(), turn, 3).await.expect("a page");
    (page.rows.iter().map(|row| row.delivery.position).collect(), page.older, page.newer, page.has_newer)
}

#[test]
fn pages_meet_without_gap_or_overlap_whichever_way_they_are_turned_while_the_log_grows() {
    on_one_thread(async {
        let world = World::opens().await;
        let (endpoint, _) = world.endpoint("https://crm.example.com/", &REQUESTED).await;
        for _ in 0..7 {
            world.asks().await;
        }
        let filter = DeliveryFilter { endpoint: Some(endpoint), ..DeliveryFilter::default() };
        let (first, older, newer, has_newer) = page(&world, &filter, None).await;
        assert_eq!((first.as_slice(), older, newer, has_newer), ([7, 6, 5].as_slice(), Some(5), 7, false));
        world.asks().await;
        let (second, older, ..) = page(&world, &filter, older.map(Turn::Before)).await;
        assert_eq!((second.as_slice(), older), ([4, 3, 2].as_slice(), Some(2)));
        let (third, older, back, _) = page(&world, &filter, older.map(Turn::Before)).await;
        assert_eq!((third.as_slice(), older), ([1].as_slice(), None));
        let (again, _, newer_of_second, more) = page(&world, &filter, Some(Turn::After(back))).await;
        assert_eq!((again.as_slice(), more), ([4, 3, 2].as_slice(), true));
        let (top, _, at_top, more) = page(&world, &filter, Some(Turn::After(newer_of_second))).await;
        assert_eq!((top.as_slice(), more), ([7, 6, 5].as_slice(), true));
        let (fresh, _, end, more) = page(&world, &filter, Some(Turn::After(at_top))).await;
        assert_eq!((fresh.as_slice(), end, more), ([8].as_slice(), 8, false));
        let (none, older, end, _) = page(&world, &filter, Some(Turn::After(end))).await;
        assert_eq!((none.as_slice(), older, end), ([].as_slice(), Some(9), 8), "one may ask again and again for what comes");
        let _ = newer;
    });
}

#[test]
fn a_text_leads_to_an_event_a_chat_an_endpoint_a_code_a_body_or_an_answer() {
    on_one_thread(async {
        let (world, receiver) = (World::opens().await, Receiver::opens());
        let (endpoint, _) = world.endpoint(&receiver.url(), &REQUESTED).await;
        let (other, _) = world.endpoint("https://silent.example.com/hook", &[EventType::ChatFinished]).await;
        receiver.answers_next([Answer::with(503, &[], "em manutenção"), Answer::status(200)]);
        let dispatcher = world.dispatcher();
        let (chat, _) = world.asks().await;
        dispatcher.tick().await;
        world.asks().await;
        dispatcher.tick().await;
        let all = world.deliveries(endpoint).await;
        let listed =
            world.store.delivery_log(DeliveryFilter { chat: Some(chat), ..DeliveryFilter::default() }, None, 5).await.expect("a page");
        let row = listed.rows.first().expect("the chat's delivery");
        let protocol = row.protocol.clone().expect("a protocol");
        assert!(row.duration_ms.is_some());
        let find = async |text: &str, in_bodies| {
            let filter = DeliveryFilter { text: Some(text.to_owned()), in_bodies, ..DeliveryFilter::default() };
            world.store.deliveries(filter, None, 10).await.expect("deliveries").iter().rev().map(|found| found.position).collect::<Vec<_>>()
        };
        let event = WebhookId { event: all[1].event, test: false }.to_string();
        assert_eq!(find(&event, false).await, [all[1].position]);
        assert_eq!(find(&all[1].id.to_string(), false).await, [all[1].position]);
        for text in [protocol, chat.to_string(), "503".to_owned(), "status".to_owned()] {
            assert_eq!(find(&text, false).await, [all[0].position], "{text}");
        }
        assert_eq!(find("127.0.0.1", false).await.len(), 2, "part of the endpoint's address");
        assert!(find("silent.example.com", false).await.is_empty() && world.deliveries(other).await.is_empty());
        assert_eq!(find("ana@example.com", true).await.len(), 2, "in the bodies");
        assert_eq!(find("em manutenção", true).await, [all[0].position], "in an answer");
        for text in ["ana@example.com", "em manutenção", "nothing like it"] {
            assert!(find(text, false).await.is_empty(), "{text}: not for those who may not read bodies");
        }
    });
}

#[test]
fn a_delivery_names_its_neighbours_in_the_chat() {
    on_one_thread(async {
        let world = World::opens().await;
        let (endpoint, _) = world.endpoint("https://crm.example.com/", &[EventType::ChatRequested, EventType::MessageCreated]).await;
        world.asks().await;
        world.asks().await;
        let all = world.deliveries(endpoint).await;
        assert_eq!(all.len(), 4);
        let first = world.store.delivery(all[2].id).await.expect("a delivery");
        assert_eq!((first.previous, first.next), (None, Some(all[3].id)));
        let last = world.store.delivery(all[1].id).await.expect("a delivery");
        assert_eq!((last.previous, last.next), (Some(all[0].id), None));
    });
}

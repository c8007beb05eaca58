//! What a socket may hear ends when its reason ends: a session that is revoked, a department that is one's own no more.

use papo::auth::token::{Token, TokenHash};
use papo::domain::department::Limits;
use papo::domain::ids::{AgentId, SessionId};
use papo::hub::close::Close;
use papo::hub::outlet::Inlet;
use papo::hub::{Hub, Subscription, Topic};
use papo::relay::Relay;
use papo::store::audit::Author;
use papo::store::sessions::NewSession;

use crate::support::house::House;

/// Somebody who listens as an agent's socket does.
fn listens(hub: &Hub, topics: &[Topic]) -> (Subscription, Inlet) {
    let (mut subscription, inlet) = hub.connect();
    topics.iter().for_each(|topic| subscription.listen(*topic));
    (subscription, inlet)
}

fn relayed(house: &House) -> Hub {
    let hub = Hub::default();
    Relay::new(house.store.clone(), hub.clone()).follow();
    hub
}

async fn signs_in(house: &House, agent: AgentId) -> SessionId {
    let token: TokenHash = Token::new().hash();
    let new = NewSession { agent, token, program: false, user_agent: String::new(), address: String::new(), idle_ms: 60_000 };
    house.store.open_session(new).await.expect("a session")
}

#[tokio::test]
async fn a_sign_out_closes_its_own_sockets_and_no_other_browsers() {
    let house = House::with(Limits::default()).await;
    let (agent, hub) = (house.agent("bia").await, relayed(&house));
    let (here, there) = (signs_in(&house, agent).await, signs_in(&house, agent).await);
    let (_own, mut own) = listens(&hub, &[Topic::Agent(agent), Topic::Session(here)]);
    let (_other, mut other) = listens(&hub, &[Topic::Agent(agent), Topic::Session(there)]);
    house.store.revoke_session(here, Author { agent, address: None }).await.expect("a sign-out");
    assert_eq!(own.next().await, Err(Close::SignedOut));
    // The end of the account reaches the other one: until then nothing had closed it.
    house.store.archive_agent(agent, Author { agent: house.admin, address: None }).await.expect("an archived account");
    loop {
        match other.next().await {
            Ok(_frame) => {}
            Err(close) => {
                assert_eq!(close, Close::SignedOut);
                break;
            }
        }
    }
    let left = house.store.sessions_of(agent).await.expect("sessions");
    assert!(left.is_empty(), "{left:?}");
}

#[tokio::test]
async fn who_leaves_a_department_is_called_back_and_colleagues_stay() {
    let house = House::with(Limits::default()).await;
    let (bia, caio, hub) = (house.agent("bia").await, house.agent("caio").await, relayed(&house));
    let (_gone, mut gone) = listens(&hub, &[Topic::Agent(bia)]);
    let (_stays, mut stays) = listens(&hub, &[Topic::Agent(caio)]);
    let mut department = house.store.directory().departments.get(&house.department).cloned().expect("the department");
    department.members.retain(|member| member.agent != bia);
    house.store.change_department(department, Author { agent: house.admin, address: None }).await.expect("a change of members");
    assert_eq!(gone.next().await, Err(Close::Changed));
    hub.publish(&[Topic::Agent(caio)], &"still here".into());
    assert_eq!(stays.next().await, Ok("still here".into()));
}

//! Strangers who try passwords: what a hash needs is given back, whoever asked for it.

use futures_util::{StreamExt as _, stream};
use serde_json::json;

use super::crowd::figure;
use crate::support::demo::Demo;
use crate::support::eventually;

/// Fewer than one address may try before it is slowed down.
const GUESSES: usize = 28;
/// Less than one hash takes.
const BYTES_KEPT_MAX: f64 = 16.0 * 1_024.0 * 1_024.0;

#[tokio::test]
async fn wrong_sign_ins_leave_no_memory_behind() {
    let demo = Demo::starts();
    let (resident, http) = ("process_resident_memory_bytes", demo.http());
    let before = figure(&demo, resident).await;
    let guess = |number: usize| {
        let http = &http;
        async move {
            http.post_json("/api/v1/sessions", &[], &json!({"email": format!("{number}@example.com"), "password": "cuscuz com café"})).await
        }
    };
    let mut guesses = stream::iter(0..GUESSES).map(guess).buffer_unordered(4);
    while let Some(answer) = guesses.next().await {
        assert_eq!(answer.status, 401, "{}", answer.text());
    }
    eventually("the memory is given back", async || (figure(&demo, resident).await - before < BYTES_KEPT_MAX).then_some(())).await;
}

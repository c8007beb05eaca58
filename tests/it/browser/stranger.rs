//! Somebody else's website, which has the script tag though its domain is in no list.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

/// Serves one page under every path on an address of its own, in the background of the test; gives its address.
pub async fn website(head: &str, tag: &str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}/", listener.local_addr().expect("an address"));
    let page = format!(
        "<!doctype html><html lang=\"pt\"><head><meta charset=\"utf-8\"><title>Outra loja</title>{head}{tag}</head><body><h1>Outra loja</h1></body></html>"
    );
    let answer = format!("HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{page}", page.len());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut asked = [0; 4096];
            if stream.read(&mut asked).await.is_ok() {
                stream.write_all(answer.as_bytes()).await.ok();
            }
        }
    });
    url
}

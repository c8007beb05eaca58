//! A plain HTTP client: one request, one connection, nothing followed and nothing kept.

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::CEILING;

/// A server by its address.
#[derive(Clone)]
pub struct Http {
    /// `127.0.0.1:1234`.
    authority: String,
}

/// An answer.
pub struct Answer {
    pub status: u16,
    headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Http {
    /// From `http://host:port`, whatever path follows.
    pub fn of(url: &str) -> Self {
        let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
        Self { authority: rest.split('/').next().unwrap_or_default().to_owned() }
    }

    /// `host:port`.
    pub fn authority(&self) -> &str {
        &self.authority
    }

    /// What a browser sends as `Origin` from a page of this server.
    pub fn origin(&self) -> String {
        format!("http://{}", self.authority)
    }

    pub async fn get(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        self.send("GET", path, headers, b"").await
    }

    pub async fn post_json(&self, path: &str, headers: &[(&str, &str)], body: &Value) -> Answer {
        self.send("POST", path, &[headers, &[("content-type", "application/json")]].concat(), body.to_string().as_bytes()).await
    }

    /// A form as a browser sends it, from our own origin.
    pub async fn post_form(&self, path: &str, headers: &[(&str, &str)], fields: &[(&str, &str)]) -> Answer {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let origin = self.origin();
        let own = [("content-type", "application/x-www-form-urlencoded"), ("origin", origin.as_str())];
        self.send("POST", path, &[headers, &own].concat(), body.as_bytes()).await
    }

    /// As `send`, of a good answer the head alone: it may never end.
    pub async fn begins(&self, method: &str, path: &str, headers: &[(&str, &str)]) -> Answer {
        self.exchange(method, path, headers, b"", |answer| {
            is_whole(answer) || (answer.starts_with(b"HTTP/1.1 200") && answer.windows(4).any(|bytes| bytes == b"\r\n\r\n"))
        })
        .await
    }

    /// `HEAD`, with whatever comes until the server hangs up.
    pub async fn head(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        self.exchange("HEAD", path, headers, b"", |_| false).await
    }

    pub async fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        self.exchange(method, path, headers, body, is_whole).await
    }

    /// Bytes that need not be a request.
    pub async fn raw(&self, bytes: &[u8]) -> Answer {
        let exchange = async {
            let mut stream = TcpStream::connect(&self.authority).await?;
            stream.write_all(bytes).await?;
            let mut answer = Vec::new();
            stream.read_to_end(&mut answer).await?;
            std::io::Result::Ok(answer)
        };
        let answer = tokio::time::timeout(CEILING, exchange).await.expect("an answer in time");
        Answer::read(&answer.expect("an answer"))
    }

    async fn exchange(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8], is_enough: impl Fn(&[u8]) -> bool) -> Answer {
        let exchange = async {
            let mut stream = TcpStream::connect(&self.authority).await?;
            let mut request = format!("{method} {path} HTTP/1.1\r\n");
            for (name, value) in [("connection", "close"), ("content-length", &body.len().to_string()), ("host", &self.authority)] {
                if !headers.iter().any(|(said, _)| said.eq_ignore_ascii_case(name)) {
                    request.push_str(&format!("{name}: {value}\r\n"));
                }
            }
            for (name, value) in headers {
                request.push_str(&format!("{name}: {value}\r\n"));
            }
            request.push_str("\r\n");
            stream.write_all(&[request.as_bytes(), body].concat()).await?;
            let mut answer = Vec::new();
            // Some servers keep the connection open whatever they are asked.
            while !is_enough(&answer) && stream.read_buf(&mut answer).await? > 0 {}
            std::io::Result::Ok(answer)
        };
        let answer = tokio::time::timeout(CEILING, exchange).await.unwrap_or_else(|_| panic!("{method} {path} never answered"));
        Answer::read(&answer.unwrap_or_else(|error| panic!("{method} {path}: {error}")))
    }
}

impl Answer {
    fn read(raw: &[u8]) -> Self {
        let end = raw.windows(4).position(|bytes| bytes == b"\r\n\r\n").expect("an answer has a head");
        let (head, rest) = raw.split_at(end);
        let head = String::from_utf8_lossy(head).into_owned();
        let mut lines = head.lines();
        let status = lines.next().and_then(|line| line.split(' ').nth(1)).and_then(|code| code.parse().ok()).expect("a status");
        let headers: Vec<(String, String)> =
            lines.filter_map(|line| line.split_once(':')).map(|(name, value)| (name.to_lowercase(), value.trim().to_owned())).collect();
        let chunked = headers.iter().any(|(name, value)| name == "transfer-encoding" && value == "chunked");
        let body = rest.get(4..).unwrap_or_default();
        Self { status, headers, body: if chunked { joined(body) } else { body.to_vec() } }
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The names of the headers, sorted.
    pub fn header_names(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self.headers.iter().map(|(name, _)| name.as_str()).collect();
        names.sort_unstable();
        names
    }

    /// What a browser would send back: `name=value` of each cookie, joined.
    pub fn cookies(&self) -> String {
        let set = self.headers.iter().filter(|(name, _)| name == "set-cookie");
        set.filter_map(|(_, value)| value.split(';').next()).collect::<Vec<_>>().join("; ")
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("not JSON ({error}): {}", self.text()))
    }
}

/// Whether the answer ends here by its own account.
fn is_whole(raw: &[u8]) -> bool {
    let Some(end) = raw.windows(4).position(|bytes| bytes == b"\r\n\r\n") else { return false };
    let head = String::from_utf8_lossy(raw.get(..end).unwrap_or_default()).to_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse::<usize>().ok());
    length.is_some_and(|length| raw.len() >= end + 4 + length)
        || (head.contains("transfer-encoding: chunked") && raw.ends_with(b"\r\n0\r\n\r\n"))
}

/// The body of a chunked answer.
fn joined(mut rest: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    while let Some(end) = rest.windows(2).position(|bytes| bytes == b"\r\n") {
        let (size, after) = rest.split_at(end);
        let size = usize::from_str_radix(String::from_utf8_lossy(size).split(';').next().unwrap_or_default().trim(), 16).unwrap_or(0);
        let Some(chunk) = after.get(2..2 + size).filter(|chunk| !chunk.is_empty()) else { break };
        body.extend_from_slice(chunk);
        rest = after.get(2 + size + 2..).unwrap_or_default();
    }
    body
}

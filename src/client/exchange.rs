//! One request and its answer, over one connection.

use super::connect::{Connected, connect};
use super::error::FetchError;
use super::gate::Gate;
use super::{Fetch, Fetched, Headers, Log, Timing, body, get, head};
use bytes::Bytes;
use http::header::{HOST, PROXY_AUTHORIZATION};
use http::{HeaderName, HeaderValue, Method, Request};
use http_body_util::Full;
use hyper::client::conn::http1;
use hyper::ext::ReasonPhrase;
use hyper_util::rt::TokioIo;
use std::time::{Instant, SystemTime, UNIX_EPOCH};
use tokio_util::task::AbortOnDropHandle;
use url::{Position, Url};

pub(super) struct Exchange<'a> {
    pub(super) fetch: &'a Fetch,
    pub(super) log: &'a dyn Log,
    pub(super) gate: &'a Gate,
}

impl Exchange<'_> {
    pub(super) async fn run(&self) -> Result<Fetched, FetchError> {
        let Fetch { url, method, headers, .. } = self.fetch;
        self.log.note(format!("→ {method} {url}"));
        for (name, value) in headers {
            self.log.note(format!("  {name}: {value}"));
        }
        let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let began = Instant::now();
        let connected = connect(self.fetch, self.gate).await?;
        let request = self.request(&connected)?;
        let Connected { stream, address, tls, looked_up, connected, secured, .. } = connected;
        let (stream, head) = head::overheard(stream);
        let (mut sender, connection) =
            http1::Builder::new().handshake(TokioIo::new(stream)).await.map_err(|error| failed(&error))?;
        // Ends with this exchange, however that ends.
        let _connection = AbortOnDropHandle::new(tokio::spawn(connection));
        let sent = Instant::now();
        let response = sender.send_request(request).await.map_err(|error| failed(&error))?;
        let answered = Instant::now();
        let status = response.status();
        let phrase = response.extensions().get::<ReasonPhrase>();
        let status_text = phrase.map_or_else(
            || status.canonical_reason().unwrap_or_default().to_owned(),
            |phrase| String::from_utf8_lossy(phrase.as_bytes()).into_owned(),
        );
        let headers = head.headers().unwrap_or_else(|| {
            let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
            response.headers().iter().map(|(name, value)| (name.to_string(), text(value))).collect()
        });
        self.note_answer(status.as_u16(), &status_text, &headers);
        let body = body::read(response.into_body(), get(&headers, "content-encoding")).await?;
        let since = |at: Instant| at.duration_since(began).as_secs_f64() * 1000.0;
        let timing = Timing {
            start_time: wall.as_secs_f64() * 1000.0,
            domain_lookup_start: 0.0,
            domain_lookup_end: since(looked_up),
            connect_start: since(looked_up),
            secure_connection_start: secured.map_or(-1.0, |_| since(connected)),
            connect_end: since(secured.unwrap_or(connected)),
            request_start: since(sent),
            response_start: since(answered),
            response_end: since(Instant::now()),
        };
        Ok(Fetched { url: url.clone(), status, status_text, headers, body, address, tls, timing })
    }

    fn request(&self, connected: &Connected) -> Result<Request<Full<Bytes>>, FetchError> {
        let Fetch { url, method, headers, body, .. } = self.fetch;
        let wrong = |what: &str, value: &str| FetchError::Wrong(format!("Invalid {what} [\"{value}\"]"));
        let target = if connected.by_proxy.is_some() {
            &url[..Position::AfterQuery]
        } else {
            &url[Position::BeforePath..Position::AfterQuery]
        };
        let mut request = Request::builder()
            .method(Method::from_bytes(method.as_bytes()).map_err(|_| wrong("HTTP method", method))?)
            .uri(target)
            .body(Full::new(body.clone().unwrap_or_default()))
            .map_err(|error| FetchError::Wrong(error.to_string()))?;
        let all = request.headers_mut();
        for (name, value) in headers {
            let key = HeaderName::from_bytes(name.as_bytes()).map_err(|_| wrong("header name", name))?;
            let value = HeaderValue::from_bytes(value.as_bytes()).map_err(|_| wrong("header value", value))?;
            all.append(key, value);
        }
        if !all.contains_key(HOST) {
            all.insert(HOST, HeaderValue::from_str(&host(url)).map_err(|_| FetchError::Wrong("Invalid URL".into()))?);
        }
        let authorization = connected.by_proxy.as_ref().and_then(super::Proxy::authorization);
        if let Some(value) = authorization.and_then(|text| HeaderValue::from_str(&text).ok()) {
            all.insert(PROXY_AUTHORIZATION, value);
        }
        Ok(request)
    }

    /// Values of a name together, as they stand in a log.
    fn note_answer(&self, status: u16, text: &str, headers: &Headers) {
        self.log.note(format!("← {status} {text}"));
        let mut told: Vec<String> = Vec::new();
        for (name, _) in headers {
            let name = name.to_ascii_lowercase();
            if told.contains(&name) {
                continue;
            }
            let same = |other: &str| other.eq_ignore_ascii_case(&name);
            let values = headers.iter().filter(|(other, _)| same(other)).map(|(_, value)| value.as_str());
            let separator = if name == "set-cookie" { "," } else { ", " };
            self.log.note(format!("  {name}: {}", values.collect::<Vec<_>>().join(separator)));
            told.push(name);
        }
    }
}

fn host(url: &Url) -> String {
    let port = url.port().map_or_else(String::new, |port| format!(":{port}"));
    format!("{}{port}", url.host_str().unwrap_or_default())
}

pub(super) fn failed(error: &hyper::Error) -> FetchError {
    if error.is_parse() { FetchError::NoHttp(error.to_string()) } else { FetchError::HungUp }
}

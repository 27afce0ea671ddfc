//! Addresses with places in them: a path below the server, or a whole address.

use url::{Position, Url};

/// Fills `places` of `template` in; each value is one segment of a path. `ws` becomes `http`.
pub(super) fn fill(template: &str, server: &Url, places: &[(&str, &str)]) -> Result<Url, String> {
    let mut filled = template.to_owned();
    for (place, value) in places {
        // Of a path, so that an id with a slash or a question mark stays one segment.
        let value: String = url::form_urlencoded::byte_serialize(value.as_bytes()).collect();
        filled = filled.replace(place, &value.replace('+', "%20"));
    }
    let mut url = server.join(&filled).map_err(|error| format!("{filled} is no address: {error}"))?;
    // As the server has them; none of these changes can fail.
    let scheme = match url.scheme() {
        "ws" => "http",
        "wss" => "https",
        other => other,
    };
    let scheme = scheme.to_owned();
    let _ = url.set_scheme(&scheme);
    Ok(url)
}

/// Whether `url` is the server's own: only there its token is shown.
pub(super) fn is_of(url: &Url, server: &Url) -> bool {
    let place = |url: &Url| {
        let secure = matches!(url.scheme(), "https" | "wss");
        (secure, url.host_str().map(str::to_owned), url.port().unwrap_or(if secure { 443 } else { 80 }))
    };
    place(url) == place(server)
}

/// What may be told of an address: queries hold secrets.
pub(super) fn shown(url: &Url) -> &str {
    &url[..Position::AfterPath]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_below_the_server_or_where_the_template_says() {
        for (server, template, run, expected) in [
            ("ws://server.example:3000/ws", "/api/runs/{runId}", "r-1", "http://server.example:3000/api/runs/r-1"),
            ("https://server.example", "/api/runs/{runId}", "a/b c?d", "https://server.example/api/runs/a%2Fb%20c%3Fd"),
            ("wss://server.example/ws", "/runs/{runId}.json", "r", "https://server.example/runs/r.json"),
            ("ws://s.example", "https://api.example/{runId}?full=1", "r", "https://api.example/r?full=1"),
        ] {
            let url = fill(template, &server.parse().unwrap(), &[("{runId}", run)]).unwrap();
            assert_eq!(url.as_str(), expected);
        }
    }

    #[test]
    fn a_token_is_for_its_server() {
        let server = "ws://server.example:3000/ws".parse().unwrap();
        for (url, is) in [
            ("http://server.example:3000/files/x", true),
            ("https://server.example:3000/files/x", false),
            ("http://server.example/files/x", false),
            ("http://files.example:3000/x", false),
        ] {
            assert_eq!(is_of(&url.parse().unwrap(), &server), is, "{url}");
        }
    }
}

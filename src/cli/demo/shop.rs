//! The sample shop, in the binary: the demo needs no file and no network.

use axum::Router;
use axum::http::header;
use axum::routing::get;
use std::io;
use tokio::net::TcpListener;

/// The test that the demo plays in it.
pub(super) const SPEC: &str = include_str!("../../../fixtures/site/demo.spec.ts");

const HTML: &str = "text/html; charset=utf-8";

/// Path, content type, content.
const FILES: [(&str, &str, &str); 9] = [
    ("/", HTML, include_str!("../../../fixtures/site/index.html")),
    ("/index.html", HTML, include_str!("../../../fixtures/site/index.html")),
    ("/product.html", HTML, include_str!("../../../fixtures/site/product.html")),
    ("/cart.html", HTML, include_str!("../../../fixtures/site/cart.html")),
    ("/checkout.html", HTML, include_str!("../../../fixtures/site/checkout.html")),
    ("/login.html", HTML, include_str!("../../../fixtures/site/login.html")),
    ("/thanks.html", HTML, include_str!("../../../fixtures/site/thanks.html")),
    ("/shop.css", "text/css; charset=utf-8", include_str!("../../../fixtures/site/shop.css")),
    ("/shop.js", "text/javascript; charset=utf-8", include_str!("../../../fixtures/site/shop.js")),
];

/// Serves it on the loopback at a free port for as long as the runtime lives; returns its URL.
///
/// # Errors
/// When there is no free port.
pub(super) async fn open() -> io::Result<String> {
    let router = FILES.into_iter().fold(Router::new(), |router, (path, kind, content)| {
        router.route(path, get(move || std::future::ready(([(header::CONTENT_TYPE, kind)], content))))
    });
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}", listener.local_addr()?);
    tokio::spawn(axum::serve(listener, router).into_future());
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_page_asks_for_a_file_that_is_not_here() {
        for (path, _, content) in FILES {
            let names = content.split(['"', '\'', '`', '?', '#']).filter(|word| {
                let name = |end| word.strip_suffix(end).is_some_and(|name| name.chars().all(char::is_alphanumeric));
                name(".html") || name(".css") || name(".js")
            });
            for name in names {
                assert!(FILES.iter().any(|(path, ..)| path[1..] == *name), "{path} names {name}");
            }
        }
    }
}

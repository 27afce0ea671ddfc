//! What a connection through the gateway between Chromium and the network costs, whoever else is connected on this machine: the gateway asks the system whose it is.

use crate::crowd::files;
use crate::pairs::Spread;
use std::io;
use std::time::Instant;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use understudy::client::{Gateway, GatewayOptions};

/// Others, with both of their ends here.
const OTHERS: usize = 5_000;

const ROUNDS: usize = 501;

/// The figures.
pub(crate) fn gateway() {
    files(2 * OTHERS);
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let gateway = Gateway::open(GatewayOptions::default()).await.expect("a gateway");
        let address = gateway.address().replace("socks5://", "");
        for others in [0, OTHERS] {
            let crowd = crowd(others).await.expect("connections");
            let mut times = Vec::new();
            for _ in 0..ROUNDS {
                times.push(greeted(&address).await.expect("an answer"));
            }
            println!(
                "gateway: a connection and its first answer {} ms, beside {others} others on this machine ({ROUNDS} connections)",
                Spread(&times, 2)
            );
            drop(crowd);
        }
    });
}

/// Milliseconds.
async fn greeted(address: &str) -> io::Result<f64> {
    let begun = Instant::now();
    let mut stream = TcpStream::connect(address).await?;
    stream.write_all(&[5, 1, 0]).await?;
    stream.read_exact(&mut [0; 2]).await?;
    Ok(begun.elapsed().as_secs_f64() * 1000.0)
}

async fn crowd(count: usize) -> io::Result<Vec<(TcpStream, TcpStream)>> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let mut crowd = Vec::new();
    for _ in 0..count {
        crowd.push((TcpStream::connect(address).await?, listener.accept().await?.0));
    }
    Ok(crowd)
}

# The hub alone: agents need a Chromium, see README.md. How it is run: docs/hub.md, compose.yaml.
FROM rust:1.95-slim-bookworm AS build
RUN apt-get update && apt-get install -y --no-install-recommends build-essential pkg-config && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY . .
RUN cargo build --release --locked --bin understudy

FROM debian:bookworm-slim
RUN useradd --system --uid 10001 --create-home understudy
COPY --from=build /src/target/release/understudy /usr/local/bin/understudy
USER understudy
EXPOSE 8000
ENTRYPOINT ["understudy"]
CMD ["serve", "--listen", "0.0.0.0:8000"]

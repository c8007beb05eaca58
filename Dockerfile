# Builds Papo and keeps the binary alone. The database is bundled, templates, texts and static files are embedded.
FROM rust:1-slim-bookworm AS build
RUN apt-get update && apt-get install -y --no-install-recommends build-essential && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY . .
RUN cargo build --release --locked

FROM debian:bookworm-slim
RUN useradd --system --uid 10001 --home-dir /data --create-home --shell /usr/sbin/nologin papo
COPY --from=build /src/target/release/papo /usr/local/bin/papo
USER papo
VOLUME /data
EXPOSE 8080
ENV PAPO_LISTEN=0.0.0.0:8080 PAPO_DATA_DIR=/data
STOPSIGNAL SIGTERM
ENTRYPOINT ["papo"]
CMD ["serve"]

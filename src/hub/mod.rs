//! The bundled server: relay, authentication, live view.

//! What other services tell: what they post, and who is told it.

use super::bus::Room;
use super::token::UserId;
use crate::dialect::Malformed;
use crate::dialect::cloud::messages::{Message, decode};
use crate::dialect::hub::Service;
use crate::dialect::swe::messages::posted;
use crate::dialect::swe::rooms::{Room as Topic, told_in};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// What was posted, by where.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Posted {
    /// An event of protocol 003.
    Event(Value),
    /// A `notification` of protocol 004.
    Notification(Value),
    /// A `chat_message` of protocol 004.
    Chat(Value),
}

impl Posted {
    /// What it says.
    pub(super) fn read(&self) -> Result<Service, Malformed> {
        let (kind, data) = match self {
            Self::Event(event) => return posted(event).map(|envelope| Service::Event(Box::new(envelope))),
            Self::Notification(data) => ("notification", data),
            Self::Chat(data) => ("chat_message", data),
        };
        match decode(&json!({"type": kind, "data": data}))? {
            Some(envelope) => Ok(Service::Message(Box::new(envelope.message))),
            None => Err(Malformed { message: format!("{kind} is unknown"), session: None }),
        }
    }
}

/// Where it is told. What is for one user does not say so any more.
pub(super) fn rooms(service: &mut Service) -> Vec<Room> {
    match service {
        Service::Event(envelope) => {
            let room = |topic| match topic {
                Topic::User(user) => Room::User(UserId(user.to_string())),
                topic => Room::Topic(topic),
            };
            told_in(&envelope.event).into_iter().map(room).collect()
        }
        Service::Message(message) => match &mut **message {
            Message::Notification(notification) => match notification.user_id.take() {
                Some(user) => vec![Room::User(UserId(user.to_string()))],
                None => vec![Room::Clients],
            },
            _ => vec![Room::Clients],
        },
    }
}

//! One server and laptops in memory, running the real ingest, merge and wire types. Random saves, pushes
//! with lost replies, repeated pushes, pulls of any size, clocks of any year, new incarnations, restored servers and
//! households that move must end with every save on the server and the same bytes everywhere. The product's own
//! simulator, with real stores and cut files, stands beside this.

// Part of tests, also where the histories are a feature; not every test is there then.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]
#![cfg_attr(not(test), allow(dead_code, unused_imports))]

use std::collections::BTreeMap;

use domain::registry::{RecordKind, no};
use uuid::Uuid;

use crate::row::Row;
use crate::samples::{NOW_MS, household, id, member};
use crate::value::Value;

mod laptop;
mod server;

pub(crate) use laptop::Laptop;
pub(crate) use server::Server;

pub(crate) type Rows = BTreeMap<(u16, Uuid), Row>;

/// Laptops 0… and a server that all know household 1 and its member 2, "Hoa", at position 2.
pub(crate) fn village(laptops: u128) -> (Server, Vec<Laptop>) {
    let mut server = Server::new();
    let mut laptops: Vec<Laptop> = (0..laptops).map(Laptop::new).collect();
    laptops[0].save(household(1, 0, 1, NOW_MS - 1000));
    laptops[0].save(member(2, 0, 2, 1, "Hoa", NOW_MS - 1000));
    laptops.iter_mut().for_each(|laptop| laptop.sync(&mut server));
    (server, laptops)
}

/// What the village's member is called.
pub(crate) fn name(server: &Server) -> String {
    let row = &server.rows[&(RecordKind::Member.no(), id(2))];
    row.value(no::MEMBER_FULL_NAME).and_then(Value::as_text).unwrap().to_owned()
}

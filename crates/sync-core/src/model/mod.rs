//! One server and laptops in memory, running the real ingest, merge and wire types. Random saves, pushes
//! with lost replies, repeated pushes, pulls of any size, clocks of any year, new incarnations, restored servers and
//! households that move must end with every save on the server and the same bytes everywhere. The product's own
//! simulator, with real stores and cut files, stands beside this.

use std::collections::BTreeMap;

use uuid::Uuid;

use crate::row::Row;

mod laptop;
mod server;

pub(crate) use laptop::Laptop;
pub(crate) use server::Server;

pub(crate) type Rows = BTreeMap<(u16, Uuid), Row>;

//! What a page may ask for. Each command is declared once, here: its name, its request and its reply. The
//! table makes the dispatcher and the TypeScript declarations, so a command that one side forgets does not
//! compile on the other.
//!
//! `cargo xtask codegen` writes the declarations; a test fails when they are stale.

use std::collections::BTreeMap;

use domain::consent::{Basis, Decision};
use domain::fact::{Choice, Evidence, Fact, PaymentMeans};
use domain::people::{Relation, Residence, Role};
use domain::visit::{Channel, Outcome, Topic};
use serde_json::Value;
use ts_rs::{Config, TS, TypeVisitor};

use crate::desk::{Desk, JobProgress};
use crate::error::{AppError, BAD_REQUEST, NO_SUCH_COMMAND};
use crate::look::{Language, Theme};
use crate::pages::{door, lessons, lists, progress, search, sending, start, today};

/// One call of a page: the desk, and where to tell progress.
pub struct Call<'a> {
    /// What the window holds.
    pub desk: &'a Desk,
    /// Told as a long job goes.
    pub tell: &'a mut dyn FnMut(JobProgress),
}

macro_rules! commands {
    ($($(#[$doc:meta])* $name:literal = $handler:path : $request:ty => $reply:ty;)*) => {
        /// Runs a command by its name. A request that cannot be read changes nothing.
        pub fn run(call: &mut Call<'_>, name: &str, request: Value) -> Result<Value, AppError> {
            match name {
                $($name => {
                    let request: $request =
                        serde_json::from_value(request).map_err(|_| AppError::new(BAD_REQUEST))?;
                    let reply: $reply = $handler(call, &request)?;
                    serde_json::to_value(reply).map_err(|_| AppError::new(BAD_REQUEST))
                })*
                _ => Err(AppError::new(NO_SUCH_COMMAND)),
            }
        }

        /// The names, in the order of the table.
        pub const NAMES: &[&str] = &[$($name),*];

        fn declare(types: &mut Declared) -> String {
            let mut table = String::from("/** Every command: what it is asked with and what it answers. */\nexport type Commands = {\n");
            $(
                types.visit::<$request>();
                types.visit::<$reply>();
                table.push_str(&format!(
                    "  {}: {{ request: {}; reply: {} }};\n",
                    $name, <$request>::name(&types.config), <$reply>::name(&types.config),
                ));
            )*
            table.push_str("};\n");
            table
        }
    };
}

commands! {
    /// What the first page needs.
    "start" = start::start : () => start::StartView;
    /// Keeps the look of the screen.
    "keep_look" = start::keep_look : crate::look::Look => ();
    /// Enrols this laptop with a one-time code.
    "enrol" = start::enrol : start::EnrolForm => start::Enrolled;
    /// Somebody typed the four words back.
    "words_written" = start::words_written : () => ();
    /// Opens the enrolled laptop.
    "unlock" = start::unlock : start::UnlockForm => ();
    /// Closes it.
    "lock" = start::lock : () => ();
    /// Opens an invented hamlet that nothing leaves.
    "train" = start::train : () => ();
    /// What was tried in the invented hamlet.
    "lessons" = lessons::lessons : () => Vec<lessons::LessonView>;
    /// One alley in walking order.
    "today" = today::today : today::TodayRequest => today::TodayView;
    /// People by name, house or alley.
    "find" = search::find : search::FindRequest => Vec<search::Hit>;
    /// One household, its people and what is known of them.
    "household" = door::household : door::HouseholdRequest => door::HouseholdView;
    /// Keeps what was said at a door and not saved yet, in memory; without a draft: forgets it.
    "keep_draft" = door::keep_draft : door::DraftForm => ();
    /// What saving a visit would show, with nothing written.
    "weigh_visit" = door::weigh : crate::visit::VisitRequest => door::Weighed;
    /// Saves a visit.
    "save_visit" = door::save : crate::visit::VisitRequest => door::Saved;
    /// Takes a visit back.
    "undo_visit" = door::undo : door::UndoRequest => door::Saved;
    /// Figures and the map of alleys.
    "progress" = progress::progress : progress::ProgressRequest => progress::ProgressView;
    /// What waits, and how the last sync went.
    "sending" = sending::sending : () => sending::SendingView;
    /// Sends and receives.
    "send" = sending::send : () => sending::SendingView;
    /// Asks for a household list and reads it.
    "choose_list" = lists::choose : () => Option<lists::ListPage>;
    /// Asks where to save a list to fill in, and writes it there.
    "save_sample" = lists::save_sample : () => Option<lists::SampleSaved>;
    /// Reads the chosen list, with another mapping if one is given.
    "look_at_list" = lists::look : lists::LookRequest => Option<lists::ListPage>;
    /// Takes the list in.
    "take_list_in" = lists::take_in : lists::SourceForm => lists::TakenIn;
}

/// Collects the declarations of types and of all they are made of.
struct Declared {
    config: Config,
    by_name: BTreeMap<String, String>,
}

impl TypeVisitor for Declared {
    fn visit<T: TS + 'static + ?Sized>(&mut self) {
        if T::output_path().is_some() {
            let name = T::ident(&self.config);
            if self.by_name.contains_key(&name) {
                return;
            }
            let decl = T::decl(&self.config);
            self.by_name.insert(name, format!("{}export {decl}\n", T::docs().unwrap_or_default()));
        }
        T::visit_dependencies(self);
        T::visit_generics(self);
    }
}

/// The TypeScript that the pages are compiled against.
pub fn typescript() -> String {
    let large = "number";
    #[cfg(feature = "sabotage")]
    let large = if domain::fault::is("stale_type") { "bigint" } else { large };
    let mut types = Declared { config: Config::new().with_large_int(large), by_name: BTreeMap::new() };
    let table = declare(&mut types);
    types.visit::<AppError>();
    types.visit::<JobProgress>();
    let lists = [
        list("THEMES", "Theme", &mut types, &Theme::ALL),
        list("LANGUAGES", "Language", &mut types, &Language::ALL),
        list("CHANNELS", "Channel", &mut types, Channel::ALL),
        list("DECISIONS", "Decision", &mut types, Decision::ALL),
        list("FACTS", "Fact", &mut types, Fact::ALL),
        list("CHOICES", "Choice", &mut types, Choice::ALL),
        list("PAYMENT_MEANS", "PaymentMeans", &mut types, PaymentMeans::ALL),
        list("OUTCOMES", "Outcome", &mut types, Outcome::ALL),
        list("RELATIONS", "Relation", &mut types, Relation::ALL),
        list("RESIDENCES", "Residence", &mut types, Residence::ALL),
        list("ROLES", "Role", &mut types, Role::ALL),
        list("BASES", "Basis", &mut types, Basis::ALL),
        list("TOPICS", "Topic", &mut types, Topic::ALL),
        list("EVIDENCE", "Evidence", &mut types, &Evidence::ALL),
    ];
    let mut file = String::from("// Made by `cargo xtask codegen`. Do not edit.\n\n");
    file.push_str(&types.by_name.into_values().collect::<Vec<_>>().join("\n"));
    file.push('\n');
    file.push_str(&lists.join("\n"));
    file.push('\n');
    file.push_str(&table);
    file
}

fn list<T: TS + serde::Serialize + 'static>(name: &str, of: &str, types: &mut Declared, all: &[T]) -> String {
    types.visit::<T>();
    let codes = serde_json::to_string(all).unwrap_or_default();
    format!("/** In the order screens show them. */\nexport const {name}: readonly {of}[] = {codes};\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    const GENERATED: &str = include_str!("../../../ui/src/api/generated/commands.ts");

    #[test]
    fn the_generated_types_are_fresh() {
        assert!(typescript() == GENERATED, "run `cargo xtask codegen`");
    }
}

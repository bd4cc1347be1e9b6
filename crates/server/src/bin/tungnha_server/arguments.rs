//! The command line. Names, exit codes and JSON keys stay; more may be added.

use std::ffi::OsString;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use clap::{Arg, ArgAction, Args, Command as Words, CommandFactory, FromArgMatches, Parser, Subcommand};
use server::address::DEFAULT_LISTEN;

/// Reads the command line.
pub(crate) fn read(line: Vec<OsString>) -> Result<Arguments, clap::Error> {
    let words = in_vietnamese(Arguments::command());
    Arguments::from_arg_matches(&words.try_get_matches_from(line)?)
}

/// The parser's own words around ours.
fn in_vietnamese(words: Words) -> Words {
    let help = Arg::new("help").short('h').long("help").action(ArgAction::Help).help("Xem cách dùng.");
    words
        .disable_help_flag(true)
        .disable_help_subcommand(true)
        .help_template("{about-with-newline}\nCách dùng: {usage}\n\n{all-args}")
        .subcommand_help_heading("Các lệnh")
        .subcommand_value_name("LỆNH")
        .arg(help)
        .mut_args(|arg| {
            let heading = if arg.is_positional() { "Phải nêu" } else { "Tùy chọn" };
            let takes_value = arg.get_action().takes_values();
            let arg = arg.help_heading(heading);
            // What they say in English, the sentences say themselves.
            if takes_value { arg.hide_default_value(true).hide_env(true) } else { arg }
        })
        .mut_subcommands(in_vietnamese)
}

/// Máy chủ của xã: kết nối máy, nhận số liệu gửi về, danh sách hộ, số liệu, sao lưu.
#[derive(Debug, Parser)]
#[command(name = "tungnha-server", version, disable_version_flag = true)]
pub(crate) struct Arguments {
    /// Dòng cuối in ra là JSON cho chương trình khác đọc, kể cả khi có lỗi.
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Xem phiên bản.
    #[arg(short = 'V', long, action = ArgAction::Version)]
    version: Option<bool>,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// The commune's data folder.
#[derive(Clone, Debug, Args)]
pub(crate) struct DataDir {
    /// Thư mục dữ liệu của xã; không nêu: biến môi trường TUNGNHA_DATA.
    #[arg(long = "data", env = "TUNGNHA_DATA", value_name = "THƯ_MỤC")]
    pub(crate) path: PathBuf,
    /// Ngày giờ của máy này đúng, dù sổ ghi lần cuối đã hơn một ngày trước.
    #[arg(long)]
    pub(crate) clock_is_right: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Tạo dữ liệu cho một xã: khóa và sổ trống.
    Init(Init),
    /// Phục vụ các máy của xã.
    Serve(Serve),
    /// Tạo mã kết nối dùng một lần cho một máy.
    Enrol(Enrol),
    /// Xem danh sách hộ, hoặc đưa danh sách vào sổ.
    #[command(subcommand)]
    Roster(Roster),
    /// Số liệu của xã hoặc của một thôn, tổ dân phố.
    Figures(Figures),
    /// Sao lưu sổ sang thư mục khác và kiểm tra bản sao.
    Backup(Backup),
    /// Khôi phục sổ từ một bản sao lưu. Dừng máy chủ trước; sổ đang có được cất riêng, không xóa.
    Restore(Restore),
}

#[derive(Debug, Args)]
pub(crate) struct Init {
    #[command(flatten)]
    pub(crate) data: DataDir,
    /// Tên xã, ví dụ "Xã Phù Đổng".
    #[arg(long, value_name = "TÊN")]
    pub(crate) commune_name: String,
    /// Mã đơn vị hành chính.
    #[arg(long, default_value = "", value_name = "MÃ")]
    pub(crate) commune_code: String,
    /// Cơ sở pháp lý: consent, consent_and_proxy hoặc state_task; không nêu: consent.
    #[arg(long, default_value = "consent", value_name = "CƠ_SỞ")]
    pub(crate) basis: String,
    /// Địa chỉ máy chủ trong mạng, ghi vào mọi mã kết nối, ví dụ 192.168.1.10:8443.
    #[arg(long, value_name = "MÁY:CỔNG")]
    pub(crate) address: Option<String>,
    /// Ghi sổ vào cơ sở dữ liệu PostgreSQL này thay vì tệp trong thư mục dữ liệu, ví dụ
    /// postgresql://tungnha@%2Fvar%2Frun%2Fpostgresql/tungnha; ở máy khác thì thêm ?sslrootcert=TỆP_CHỨNG_THƯ. Không
    /// nêu: biến môi trường TUNGNHA_POSTGRES.
    #[arg(long, env = "TUNGNHA_POSTGRES", hide_env_values = true, value_name = "ĐỊA_CHỈ")]
    pub(crate) postgres: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Serve {
    #[command(flatten)]
    pub(crate) data: DataDir,
    /// Địa chỉ và cổng mở ra; không nêu: mọi địa chỉ của máy này, cổng 8443. Cổng 0: máy tự chọn.
    #[arg(long, value_name = "MÁY:CỔNG")]
    pub(crate) listen: Option<SocketAddr>,
    /// Địa chỉ máy chủ trong mạng, từ nay ghi vào mọi mã kết nối, ví dụ 192.168.1.10:8443.
    #[arg(long, value_name = "MÁY:CỔNG")]
    pub(crate) address: Option<String>,
    /// Tên hoặc địa chỉ khác mà các máy dùng để gọi, ghi vào chứng thư.
    #[arg(long = "name", value_name = "TÊN")]
    pub(crate) names: Vec<String>,
    /// Không mã hóa: một proxy phía trước lo TLS. Không nêu --listen: chỉ trên máy này, 127.0.0.1:8443.
    #[arg(long)]
    pub(crate) http_behind_proxy: bool,
}

impl Serve {
    /// Where it listens. In clear nobody beyond this machine is let in unless it was said.
    pub(crate) fn listen(&self) -> SocketAddr {
        let unsaid = if self.http_behind_proxy {
            SocketAddr::new(Ipv4Addr::LOCALHOST.into(), DEFAULT_LISTEN.port())
        } else {
            DEFAULT_LISTEN
        };
        self.listen.unwrap_or(unsaid)
    }
}

#[derive(Debug, Args)]
pub(crate) struct Enrol {
    #[command(flatten)]
    pub(crate) data: DataDir,
    /// Vai trò: team_member, team_lead, hamlet_head, commune_officer, admin hoặc leader.
    #[arg(long, value_name = "VAI_TRÒ")]
    pub(crate) role: String,
    /// Thôn, tổ dân phố phụ trách; có thể nêu nhiều lần.
    #[arg(long = "hamlet", value_name = "TÊN")]
    pub(crate) hamlets: Vec<String>,
    /// Người dùng máy.
    #[arg(long, default_value = "", value_name = "TÊN")]
    pub(crate) name: String,
    /// Mã dùng được trong bao nhiêu phút, nhiều nhất 30 ngày; không nêu: 1440, tức một ngày.
    #[arg(long, default_value_t = 60 * 24, value_name = "PHÚT", allow_negative_numbers = true)]
    pub(crate) valid_minutes: u32,
    /// Địa chỉ máy chủ ghi vào mã; không nêu: địa chỉ đã khai ở init hoặc serve, rồi địa chỉ của máy này.
    #[arg(long, value_name = "MÁY:CỔNG")]
    pub(crate) address: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Roster {
    /// Đọc tệp và cho biết trong đó có gì; không ghi gì.
    Preview {
        /// Tệp XLSX, XLS hoặc CSV.
        #[arg(value_name = "TỆP")]
        file: PathBuf,
    },
    /// Đưa danh sách vào sổ: hoặc tất cả, hoặc không gì cả.
    Import {
        #[command(flatten)]
        data: DataDir,
        /// Tệp XLSX, XLS hoặc CSV.
        #[arg(value_name = "TỆP")]
        file: PathBuf,
        /// Người bàn giao danh sách.
        #[arg(long, default_value = "", value_name = "TÊN")]
        handed_over_by: String,
        /// Thôn, tổ dân phố của những hộ mà danh sách không ghi.
        #[arg(long, value_name = "TÊN")]
        hamlet: Option<String>,
        /// Tên nêu ở --hamlet là thôn, tổ dân phố mới, sổ chưa có.
        #[arg(long, requires = "hamlet")]
        new_hamlet: bool,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Figures {
    #[command(flatten)]
    pub(crate) data: DataDir,
    /// Chỉ một thôn, tổ dân phố.
    #[arg(long, value_name = "TÊN")]
    pub(crate) hamlet: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Backup {
    #[command(flatten)]
    pub(crate) data: DataDir,
    /// Thư mục nhận bản sao, ngoài thư mục dữ liệu, nên ở ổ đĩa khác.
    #[arg(long, value_name = "THƯ_MỤC")]
    pub(crate) to: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct Restore {
    #[command(flatten)]
    pub(crate) data: DataDir,
    /// Bản sao lưu, ví dụ register-1-000000000120.db.
    #[arg(value_name = "TỆP")]
    pub(crate) file: PathBuf,
    /// Vẫn khôi phục dù bản sao lưu cũ hơn bảy bản gần nhất: số liệu ghi sau bản đó có thể mất.
    #[arg(long)]
    pub(crate) accept_loss: bool,
    /// Khôi phục vào cơ sở dữ liệu PostgreSQL này; từ nay sổ của xã ở đó. Cũng đọc biến môi trường TUNGNHA_POSTGRES_TO.
    #[arg(long, env = "TUNGNHA_POSTGRES_TO", hide_env_values = true, value_name = "ĐỊA_CHỈ")]
    pub(crate) postgres: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every line of every help is for people here; only the names of options are not.
    #[test]
    fn help_speaks_vietnamese() {
        fn check(words: &mut Words) {
            let help = words.render_long_help().to_string();
            for english in ["Usage", "Options", "Commands", "Arguments", "Print", "default:", "env:"] {
                assert!(!help.contains(english), "{english} in\n{help}");
            }
            assert!(help.contains("Cách dùng: ") && help.contains("Xem cách dùng."), "{help}");
            for below in words.get_subcommands_mut() {
                check(below);
            }
        }
        let mut words = in_vietnamese(Arguments::command());
        words.build();
        check(&mut words);
    }

    /// The port stands in codes: it is the same at every start. In clear it is this machine's own.
    #[test]
    fn where_it_listens() {
        let check = |line: &str, expect: &str| {
            let read = read(line.split(' ').map(OsString::from).collect()).unwrap();
            let Command::Serve(serve) = read.command else { panic!("{line}") };
            assert_eq!(serve.listen().to_string(), expect, "{line}");
        };
        check("s serve --data d", "0.0.0.0:8443");
        check("s serve --data d --http-behind-proxy", "127.0.0.1:8443");
        check("s serve --data d --http-behind-proxy --listen 10.0.0.1:80", "10.0.0.1:80");
        check("s serve --data d --listen 127.0.0.1:0", "127.0.0.1:0");
    }

    #[test]
    fn names_that_others_rely_on() {
        let check = |line: &str| read(line.split(' ').map(OsString::from).collect()).map(drop).unwrap();
        check("s init --data d --commune-name x --commune-code 1 --basis consent --json --postgres u");
        check("s serve --data d --listen 127.0.0.1:0 --name a --name b --clock-is-right");
        check("s enrol --data d --role admin --hamlet a --hamlet b --name n --valid-minutes 5 --address a:1");
        check("s roster preview f --json");
        check("s --json roster import --data d f --handed-over-by n --hamlet a --new-hamlet");
        check("s figures --data d --json --hamlet a");
        check("s backup --data d --to t");
        check("s restore --data d f --accept-loss --clock-is-right --json --postgres u");
    }
}

//! The command line. Names, exit codes and JSON keys stay; more may be added.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

/// Máy chủ của xã: kết nối máy, đồng bộ, danh sách hộ, số liệu, sao lưu.
#[derive(Debug, Parser)]
#[command(name = "tungnha-server", version)]
pub(crate) struct Arguments {
    /// The last line of standard output is JSON, errors included.
    #[arg(long, global = true)]
    pub(crate) json: bool,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// The commune's data folder.
#[derive(Clone, Debug, Args)]
pub(crate) struct DataDir {
    /// Thư mục dữ liệu của xã.
    #[arg(long = "data", env = "TUNGNHA_DATA", value_name = "DIR")]
    pub(crate) path: PathBuf,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Tạo dữ liệu cho một xã: khóa và sổ trống.
    Init(Init),
    /// Phục vụ các máy của xã.
    Serve(Serve),
    /// Tạo mã kết nối dùng một lần cho một máy.
    Enrol(Enrol),
    /// Xem hoặc nhập danh sách hộ.
    #[command(subcommand)]
    Roster(Roster),
    /// Số liệu của xã hoặc của một thôn, tổ dân phố.
    Figures(Figures),
    /// Sao lưu sổ sang thư mục khác và kiểm tra bản sao.
    Backup(Backup),
}

#[derive(Debug, Args)]
pub(crate) struct Init {
    #[command(flatten)]
    pub(crate) data: DataDir,
    /// "Xã Phù Đổng"
    #[arg(long)]
    pub(crate) commune_name: String,
    /// Mã đơn vị hành chính.
    #[arg(long, default_value = "")]
    pub(crate) commune_code: String,
    /// consent, consent_and_proxy hoặc state_task
    #[arg(long, default_value = "consent")]
    pub(crate) basis: String,
}

#[derive(Debug, Args)]
pub(crate) struct Serve {
    #[command(flatten)]
    pub(crate) data: DataDir,
    /// Địa chỉ và cổng; cổng 0: máy tự chọn.
    #[arg(long, default_value = "127.0.0.1:0")]
    pub(crate) listen: SocketAddr,
    /// Tên hoặc địa chỉ khác mà các máy dùng để gọi, ghi vào chứng thư.
    #[arg(long = "name", value_name = "NAME")]
    pub(crate) names: Vec<String>,
    /// Không mã hóa: một proxy phía trước lo TLS.
    #[arg(long)]
    pub(crate) http_behind_proxy: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Enrol {
    #[command(flatten)]
    pub(crate) data: DataDir,
    /// team_member, team_lead, hamlet_head, commune_officer, admin hoặc leader
    #[arg(long)]
    pub(crate) role: String,
    /// Thôn, tổ dân phố phụ trách; có thể nêu nhiều lần.
    #[arg(long = "hamlet", value_name = "NAME")]
    pub(crate) hamlets: Vec<String>,
    /// Người dùng máy.
    #[arg(long, default_value = "")]
    pub(crate) name: String,
    /// Mã dùng được trong bao nhiêu phút.
    #[arg(long, default_value_t = 60 * 24)]
    pub(crate) valid_minutes: u32,
    /// Địa chỉ máy chủ ghi vào mã; không nêu: địa chỉ đang phục vụ.
    #[arg(long, value_name = "URL")]
    pub(crate) address: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Roster {
    /// Đọc tệp và cho biết trong đó có gì; không ghi gì.
    Preview {
        /// XLSX, XLS hoặc CSV.
        file: PathBuf,
    },
    /// Nhập danh sách vào sổ: hoặc tất cả, hoặc không gì cả.
    Import {
        #[command(flatten)]
        data: DataDir,
        /// XLSX, XLS hoặc CSV.
        file: PathBuf,
        /// Người bàn giao danh sách.
        #[arg(long, default_value = "")]
        handed_over_by: String,
        /// Thôn, tổ dân phố của những hộ mà danh sách không ghi.
        #[arg(long, value_name = "NAME")]
        hamlet: Option<String>,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Figures {
    #[command(flatten)]
    pub(crate) data: DataDir,
    /// Chỉ một thôn, tổ dân phố.
    #[arg(long, value_name = "NAME")]
    pub(crate) hamlet: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Backup {
    #[command(flatten)]
    pub(crate) data: DataDir,
    /// Thư mục nhận bản sao, nên ở ổ đĩa khác.
    #[arg(long, value_name = "DIR")]
    pub(crate) to: PathBuf,
}

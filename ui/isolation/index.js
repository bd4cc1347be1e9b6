/**
 * Stands between the page and the program, in a frame of its own that the page cannot reach into. Lets
 * through our one command and the channel that brings its progress; whatever else a page was made to send
 * is stopped here, before the program sees it.
 */
const LET_THROUGH = ['call', 'plugin:__TAURI_CHANNEL__|fetch'];

window.__TAURI_ISOLATION_HOOK__ = (message) => {
  if (!LET_THROUGH.includes(message.cmd)) {
    throw new Error('not one of the commands of this program');
  }
  return message;
};

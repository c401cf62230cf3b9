/**
 * Leaves the operator's folder for `/`, where commands and code then run at the start as at every resume,
 * wherever it is called: a relative path means the same each time, and no folder that is to be unmounted is kept
 * busy. Whatever the operator gave as a relative path must have been read before.
 */
export function leaveFolder(): void {
  process.chdir('/');
}

/** Node.js cannot even tell where it is when somebody has removed the folder that it was called in. */
export function leaveFolderThatIsGone(): void {
  try {
    process.cwd();
  } catch {
    leaveFolder();
  }
}

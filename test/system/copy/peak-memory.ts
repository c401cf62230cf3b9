/** Copies or verifies as bench/copy/ours.ts does, and says the most memory that it took, in megabytes. */
await import('../../../bench/copy/ours.ts');
console.log(Math.round(process.resourceUsage().maxRSS / 1024));

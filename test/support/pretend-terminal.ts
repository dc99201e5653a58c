import { WriteStream } from 'node:tty';

/**
 * Loaded before a command (`node --import`): what it writes goes into pipes, and it takes them for a terminal of `COLUMNS`
 * columns. No machine needs a program for it, and the command is the one that operators run.
 */
const columns = Number(process.env['COLUMNS']);
const { prototype } = WriteStream;

for (const stream of [process.stdout, process.stderr])
  Object.assign(stream, {
    isTTY: true,
    columns,
    rows: 30,
    getColorDepth: prototype.getColorDepth.bind(stream),
    hasColors: prototype.hasColors.bind(stream),
  });

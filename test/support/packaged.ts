import { packageService } from '../../workflow/local/deploy/package-service.ts';

let folder: Promise<string> | undefined;

/**
 * Folder of the packaged service. The first caller packages it, the others wait, and nobody does while the sources stay
 * as they are: tests that need no package never wait for one.
 *
 * @throws PackagingError with the compiler's last words
 */
export function packaged(): Promise<string> {
  return (folder ??= packageService());
}

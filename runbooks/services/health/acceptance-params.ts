import { serviceParams } from '../params.ts';

const { host, parent, mount, substitute, backupHost, flakeHost, repository, password, ...others } =
  serviceParams({
    service: 'service',
    folder: '/persist/var/lib/service',
  }).shape;
const { replica, restoreTest, preseed } = others;

/** As a service's move has them; what is left out makes a check BLOCKED, and no other. */
export const acceptanceShape = {
  host,
  parent,
  mount,
  substitute,
  backupHost,
  flakeHost,
  repository: repository.optional(),
  password: password.optional(),
  replica,
  restoreTest,
  preseed,
};

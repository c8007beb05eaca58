// @ts-check
/**
 * Who else works here: agents, departments, tags, and what this agent chose to be. A model of frames.
 */

/**
 * @typedef {import("console/inbox").Named} Named
 * @typedef {"online" | "paused" | "offline"} AvailabilityState
 * @typedef {{state: AvailabilityState, reason: string | null}} Availability
 * @typedef {{id: string, name: string, member: boolean, supervisor: boolean, routing: "manual" | "least_busy",
 *   wait_goal_seconds: number, wait_limit_seconds: number | null, tags_required: boolean, state: "online" | "busy" | "offline"}} Department
 * @typedef {{id: string, name: string, availability: Availability | AvailabilityState, connected: boolean, load: number, max_chats: number, departments: string[]}} Colleague
 * @typedef {{id: string, name: string, email?: string, role: "admin" | "supervisor" | "agent", max_chats: number, availability: Availability}} Me
 */

/** Where the server names no department (it went while we looked), the product's default goal. */
const WAIT_GOAL_SECONDS = 180;

export class Roster {
  /** @type {Me | null} */
  me = null;
  /** @type {Named[]} */
  tags = [];
  /** @type {Map<string, Department>} */
  #departments = new Map();
  /** @type {Map<string, Colleague>} */
  #agents = new Map();

  /** @param {{agent: Me, departments: Department[], agents: Colleague[], tags: Named[]}} frame */
  welcome(frame) {
    this.me = frame.agent;
    this.tags = frame.tags;
    this.#agents = new Map(frame.agents.map((agent) => [agent.id, agent]));
    this.setDepartments(frame.departments);
  }

  /** @param {Department[]} departments */
  setDepartments(departments) {
    this.#departments = new Map(departments.map((department) => [department.id, department]));
  }

  /** @param {Colleague} agent */
  setAgent(agent) {
    this.#agents.set(agent.id, agent);
    if (this.me && agent.id === this.me.id) {
      // Colleagues are shown without the reason of a pause: one's own stays as it was chosen.
      const told = availabilityOf(agent);
      const reason = told.reason ?? (told.state === this.me.availability.state ? this.me.availability.reason : null);
      this.me = { ...this.me, max_chats: agent.max_chats, availability: { state: told.state, reason } };
    }
  }

  /** What this agent chose, shown before the server confirms it. @param {Availability} availability */
  choose(availability) {
    if (this.me) this.me = { ...this.me, availability };
  }

  /** @returns {Department[]} */
  departments() {
    return [...this.#departments.values()];
  }

  /** @param {string} id */
  department(id) {
    return this.#departments.get(id) ?? null;
  }

  /** @param {string} departmentId */
  waitGoalSeconds(departmentId) {
    return this.#departments.get(departmentId)?.wait_goal_seconds ?? WAIT_GOAL_SECONDS;
  }

  /** @param {string} id */
  agent(id) {
    return this.#agents.get(id) ?? null;
  }

  /** May this agent act on others' chats of the department? @param {string} departmentId */
  supervises(departmentId) {
    return this.me?.role === "admin" || Boolean(this.#departments.get(departmentId)?.supervisor);
  }

  /** Agents of the department who are online with room. @param {string} departmentId */
  free(departmentId) {
    return [...this.#agents.values()].filter((agent) => agent.departments.includes(departmentId) && hasRoom(agent));
  }

  /**
   * Everybody a chat can go to, those with room first. A receiver without room is shown, and can be chosen by a supervisor alone.
   * @param {{departmentId: string, agentId: string | null}} from where the chat is now
   * @returns {{departments: Array<Department & {free: number}>, agents: Array<Colleague & {room: boolean, allowed: boolean}>}}
   */
  receivers({ departmentId, agentId }) {
    const departments = this.departments()
      .filter((department) => department.id !== departmentId)
      .map((department) => ({ ...department, free: this.free(department.id).length }));
    const override = this.supervises(departmentId);
    const agents = [...this.#agents.values()]
      .filter((agent) => agent.id !== agentId)
      .map((agent) => ({ ...agent, room: hasRoom(agent), allowed: hasRoom(agent) || override }))
      .sort((a, b) => Number(b.room) - Number(a.room) || Number(isOnline(b)) - Number(isOnline(a)) || a.name.localeCompare(b.name));
    return { departments, agents };
  }
}

/** @param {Colleague} agent @returns {Availability} */
export function availabilityOf(agent) {
  return typeof agent.availability === "string" ? { state: agent.availability, reason: null } : agent.availability;
}

/** @param {Colleague} agent */
export function isOnline(agent) {
  return agent.connected && availabilityOf(agent).state === "online";
}

/** @param {Colleague} agent */
export function hasRoom(agent) {
  return isOnline(agent) && agent.load < agent.max_chats;
}

// SPDX-License-Identifier: Apache-2.0
// Copyright The handcarry authors
//
// Runs a declarative Jenkinsfile: jenkins.groovy JENKINSFILE FOLDER PREFIX REPOSITORY
// FOLDER/credentials/ID are the credentials. Every sh runs for real, behind the program PREFIX, in
// an agent's checkout of REPOSITORY. A section or step that is not defined here is an error.
import java.nio.file.FileSystems
import java.nio.file.Files
import java.nio.file.attribute.PosixFilePermissions

class Run {
    static File folder
    static String prefix, repository
    static int count = 0

    static void eval(Closure closure, Object delegate) {
        closure.delegate = delegate
        closure.resolveStrategy = Closure.DELEGATE_ONLY
        closure.call()
    }

    static void exec(List command, File cwd, Map env) {
        def builder = new ProcessBuilder(command.collect { it.toString() }).directory(cwd)
        builder.redirectErrorStream(true).redirectInput(new File('/dev/null'))
        env.each { key, value -> builder.environment().put(key, value.toString()) }
        def process = builder.start()
        System.out << process.inputStream
        if (process.waitFor() != 0) throw new RuntimeException("exit ${process.exitValue()}: ${command.last()}")
    }
}

class Words { // a section in which plain names stand for values
    Map env = [:]
    def propertyMissing(String name) {
        if (!env.containsKey(name)) throw new MissingPropertyException(name, getClass())
        env[name]
    }
}

class Environment {
    Map env = [:]
    void setProperty(String name, Object value) { env[name] = value }
}

class Options { void disableConcurrentBuilds() { } }

class Agent extends Words { String label; void label(String text) { label = text } }

class Axis {
    String axis; List all
    void name(String text) { axis = text }
    void values(Object... texts) { all = texts as List }
}

class Axes { List found = []; void axis(Closure closure) { def a = new Axis(); Run.eval(closure, a); found << a } }

class Stages {
    List found = []
    void stage(String name, Closure closure) { def s = new Stage(title: name); Run.eval(closure, s); found << s }
}

class Stage {
    String title; Object where; Closure steps; Stages inner; Matrix cells
    void agent(Object given) { where = given }
    void steps(Closure closure) { steps = closure }
    void stages(Closure closure) { inner = new Stages(); Run.eval(closure, inner) }
    void matrix(Closure closure) { cells = new Matrix(); Run.eval(closure, cells) }

    void run(Node node, Map env) {
        if (where != null) node = Node.allocate(where, env)
        if ([steps, inner, cells].count { it != null } != 1) throw new RuntimeException("stage '$title' is not one thing")
        if (cells != null) cells.run(env)
        else if (inner != null) inner.found.each { it.run(node, env) }
        else if (node == null) throw new RuntimeException("stage '$title' has no agent")
        else { println "[$title]"; Run.eval(steps, new Steps(node: node, env: env + [NODE_NAME: node.label])) }
    }
}

class Matrix {
    Axes known = new Axes(); Object where; Stages inner = new Stages()
    void axes(Closure closure) { Run.eval(closure, known) }
    void agent(Closure closure) { where = closure }
    void stages(Closure closure) { Run.eval(closure, inner) }

    void run(Map env) {
        known.found.inject([env]) { cells, axis ->
            cells.collectMany { cell -> axis.all.collect { cell + [(axis.axis): it] } }
        }.each { cell ->
            def node = Node.allocate(where, cell)
            inner.found.each { it.run(node, cell) }
        }
    }
}

class Node { // a machine, with a checkout of its own for this stage
    String label; File workspace
    static Node allocate(Object where, Map env) {
        def agent = new Agent(env: env)
        Run.eval((Closure) where, agent)
        def node = new Node(label: agent.label, workspace: new File(Run.folder, "${++Run.count}-${agent.label}/workspace"))
        Run.exec(['git', 'clone', '--quiet', Run.repository, node.workspace], Run.folder, [:])
        node
    }
}

class Steps extends Words {
    Node node

    void sh(String text) { // as Jenkins does it: -x is its default
        def script = new File(node.workspace.parentFile, "script-${++Run.count}.sh")
        script.text = text
        Run.exec([Run.prefix, 'sh', '-xe', script], node.workspace, env + [WORKSPACE: node.workspace])
    }

    private void copy(File from, File to, String includes) {
        def wanted = includes.split(',').collect { FileSystems.default.getPathMatcher("glob:${it.trim()}") }
        def matched = 0
        from.eachFileRecurse { file ->
            def path = from.toPath().relativize(file.toPath())
            if (file.isFile() && wanted.any { it.matches(path) }) {
                def target = new File(to, path.toString())
                target.parentFile.mkdirs()
                target.bytes = file.bytes
                matched++
            }
        }
        if (matched == 0) throw new RuntimeException("no files match $includes")
    }

    void stash(Map given) {
        assert given.keySet() == ['name', 'includes'] as Set
        copy(node.workspace, new File(Run.folder, "stash/${given.name}"), given.includes.toString())
    }
    void unstash(String name) { copy(new File(Run.folder, "stash/$name"), node.workspace, '**') }
    void archiveArtifacts(Map given) {
        assert given.keySet() == ['artifacts', 'fingerprint'] as Set
        copy(node.workspace, new File(Run.folder, 'archive'), given.artifacts)
    }

    Map file(Map given) { assert given.keySet() == ['credentialsId', 'variable'] as Set; given }

    void withCredentials(List bindings, Closure closure) {
        def secret = new File(node.workspace.path + '@tmp/secretFiles')
        def more = [:]
        try {
            bindings.each {
                def target = new File(secret, "${++Run.count}/${it.credentialsId}")
                target.parentFile.mkdirs()
                target.bytes = new File(Run.folder, "credentials/${it.credentialsId}").bytes
                Files.setPosixFilePermissions(target.toPath(), PosixFilePermissions.fromString('rw-------'))
                more[it.variable] = target
            }
            Run.eval(closure, new Steps(node: node, env: env + more))
        } finally { secret.deleteDir() }
    }
}

class Pipeline {
    Map env = [:]; Stages all = new Stages()
    static final Object none = 'none'
    void agent(Object given) { assert given == 'none' }
    void options(Closure closure) { Run.eval(closure, new Options()) }
    void environment(Closure closure) { def e = new Environment(); Run.eval(closure, e); env = e.env }
    void stages(Closure closure) { Run.eval(closure, all) }
}

abstract class Declarative extends Script {
    void pipeline(Closure closure) {
        def pipeline = new Pipeline()
        Run.eval(closure, pipeline)
        pipeline.all.found.each { it.run(null, pipeline.env + [BUILD_NUMBER: '7', JOB_NAME: 'clock']) }
    }
}

Run.folder = new File(args[1])
Run.prefix = args[2]
Run.repository = args[3]
def settings = new org.codehaus.groovy.control.CompilerConfiguration(scriptBaseClass: 'Declarative')
new GroovyShell(this.class.classLoader, new Binding(), settings).evaluate(new File(args[0]))

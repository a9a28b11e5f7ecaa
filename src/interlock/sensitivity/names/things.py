"""Names of things: products, programs, companies, journals, and what wards and clinics call what they use."""

from __future__ import annotations

from interlock.sensitivity.names.wording import phrases_of, words_of

WARD = words_of(
    """
    tazocin co-amoxiclav calpol nurofen clexane fragmin meronem flixotide seretide bricanyl movicol laxido oramorph
    zomorph sevredol buscopan stemetil maxolon losec zoton fucidin canesten betnovate dermovate eumovate daktacort
    epilim rivotril solpadeine panadol piriton largactil clopixol depixol imigran voltarol arcoxia brufen ponstan
    syntocinon dalacin klacid zinnat ciproxin tavanic novalgin natazia yaz nuvaring loestrin sprintec seasonique
    abilify-maintena acetadote acinetobacter adacel adenosine advil afluria afrin aloxi ambisome anectine angiocath
    apresoline aspergillus ativan atropine augmentin babesia bacitracin bacteroides bair benadryl benzonatate betadine
    bicillin bivona boostrix bordetella borrelia botox bovie bovie-cautery brevibloc bumetanide calcitriol
    campylobacter candida carafate cardene catheflo cefazolin cefdinir cefepime cefixime cefoxitin ceftazidime
    ceftriaxone cefuroxime celestone cepacol cephalexin chlamydia chloraprep citrobacter cleviprex clexane clindamycin
    clostridioides clostridium colyte combitube compazine coude cryptococcus cyklokapron dakins daliresp dantrium
    decadron denosumab depakene depo-medrol dermabond desitin dextrose diprivan dobhoff dobutamine dopamine dramamine
    duoderm duragesic dyna-hex ecasa ecotrin emla engerix enoxaparin ensure enterobacter enterococcus epinephrine
    epipen escherichia esmolol etomidate exparel feraheme ferrlecit ferrous fioricet flagyl fluarix flumist fluzone
    forane fortaz furosemide gardasil gaviscon gelfoam giardia glucagon glucerna golytely granix haemophilus haldol
    havrix heimlich helicobacter hem-o-lok hemovac hespan hextend hibiclens hoyer humulin hydralazine imodium infanrix
    infed injectafer integrilin invanz ipratropium kayexalate kcentra keppra ketalar ketamine ketorolac kinevac
    klebsiella kytril labetalol lactobacillus lactulose lanoxin lantus lasix legionella levaquin levophed
    levothyroxine lidocaine lidoderm listeria lokelma lovenox lyrica maalox malox mannitol marcaine mediport menactra
    menveo merrem midazolam milrinone miralax mitomycin moraxella morganella morphine mucinex mucomyst mupirocin
    mycobacterium mycoplasma mylanta narcan nebcin neisseria neosporin neosynephrine neulasta nexterone nicardipine
    nimbex nitrofurantoin nitroglycerin nocardia norepinephrine novolog nplate nystatin octreotide ofirmev omnicef
    omnipaque ondansetron orajel osmolite oxygen pabrinex pantoprazole pavulon pedialyte pediarix pentacel pepto
    pepto-bismol percocet peridex phenergan phenylephrine pitocin pitressin plasmalyte plasmodium pleurevac pleurovac
    pneumovax polysporin portacath precedex premarin prevnar primaxin procrit propofol protamine proteus proventil
    pseudomonas pulmicort pyridium reglan regonol relistor remifentanil rhogam robaxin robinul robitussin rocephin
    rocuronium romazicon rotarix rotateq salmonella sandostatin seldinger senna serax serratia shiley shingrix
    silvadene sodium solu-cortef solu-medrol solumedrol soma staphylococcus streptococcus stryker suboxone
    succinylcholine sucralfate sudafed sufentanil sugammadex surgicel synagis tamiflu tdap tegaderm tenckhoff
    terconazole thiamine thrombin tigan toradol toxoplasma tpn treponema trialysis trilipix tums twinrix tylenol
    ultiva unasyn vabomere valtrex vancomycin vaqta varivax vaseline vasopressin vecuronium velcro veltassa venofer
    ventimask versed viscous vistaril vivitrol xeroform xofluza xylocaine yankauer zemplar zemuron zinacef zofran
    zostavax zosyn zyvox
    """
)
"""Drugs, dressings, tubes and germs of wards, beside the brands of `vetoes`."""

SHORTHAND = words_of(
    """
    afebrile afib aflutter aki ambulate anicteric anticoag appy ards asymptomatic atraumatic bibasilar bipap bka brbpr
    cabg cath ccu cdiff chemo chf cholecystectomy ckd clindam coags comorbid cont copd crcl crrt csf cva cvat cxr dapt
    ddimer defib dka downgoing dtr dtrs dvt ecg echo egfr ekg eliquis epigastric etoh euvolemic extubated fio2 flexsig
    gerd gtt gtts hct hctz hemodynamically hfpef hfref hgb htn hypokalemia icd icu inr intubated isch lfts lmp lvef
    lytes mdd meds metop mets micu midepigastric morphine mrsa nccu nebs neg nitro nkda noncontributory nondisplaced
    nondistended nonfocal nontender normocephalic normotensive nsaid nsaids nsr nstemi numbness oropharynx osh pacu
    palp palps paracentesis pcn perioral perrl perrla pmh pna ppi prbc prbcs psh pvcs qsofa qtc rehab resp rhonchi
    roux rvr sats satting sbo sbp serosanguinous sicu sob stemi stent subq subtherapeutic supratherapeutic synthroid
    tachy tachycardic tachypneic tele temp tha thora tias tka tpa trach trop troponin trops upgoing uti utis vanc vfib
    vtach warf zosyn li-rads bi-rads pi-rads ti-rads lung-rads o-rads
    """
)
"""What clinicians write in small letters and no dictionary has."""

PROGRAMS = words_of(
    """
    airflow alembic android angular ansible apache appium argo arista artifactory asana auth0 azure babel backoff
    bamboo bash bazel bigquery bitbucket bootstrap buildkite celery centos ceph changelog chrome chromium circleci
    clickhouse cloudflare cloudfront cloudwatch confluence consul couchbase couchdb cypress databricks datadog debian
    deno devops django docker dropbox drupal dynatrace eclipse elastic elasticsearch electron emacs envoy erlang
    eslint etcd excel express fargate fastapi fedora figma firebase firefox flask flink fluentd gentoo git gitea
    github gitlab golang gradle grafana graphql groovy grpc gunicorn hadoop haproxy harbor heroku hibernate hive
    homebrew hotfix httpd iceberg influx influxdb intellij istio java javascript jboss jdbc jest jetty jinja jira
    joomla json junit jupyter kafka keras kerberos keycloak kibana knative kotlin kubernetes lambda laravel lens
    linkedin linux logstash lua lucene macos magento mailchimp marathon mariadb maven memcached mercurial mesos
    microsoft minio mocha mongo mongodb moodle mssql mysql nagios neo4j netlify netty newrelic nexus nginx node nodejs
    nomad notion npm nullpointerexception numpy opensearch openshift openssl openstack oracle outlook pagerduty pandas
    perl phoenix photoshop php pingdom play playwright podman postfix postgres postgresql postman powershell prisma
    prometheus pulsar pulumi puppet pycharm pypi pytest python pytorch rabbitmq rails rancher react readme redhat
    redis redshift redux rollback rollup runbook safari salesforce sap sass scala selenium sentry servicenow
    sharepoint shopify signalr skype snowflake solaris solr sonar sonarqube spark splunk sqlite sqlserver squid
    stackdriver stripe subversion supabase svelte swagger symfony tableau tailwind teamcity teams telegram tensorflow
    terraform timeoutexception tomcat tornado traefik trello twilio typescript ubuntu unicorn unix uwsgi vagrant
    varnish vault vercel vim visual vite vmware vue webex webhook webpack websphere whatsapp wildfly windows wireshark
    wordpress xcode yarn zabbix zendesk zipkin zookeeper
    """
)
"""Programs and what belongs to them."""

COMPANIES = words_of(
    """
    sysmex cepheid hologic masimo mindray draeger dräger maquet biomet depuy synthes arthrex plasma-lyte abbvie
    accenture adidas aetna airbnb airbus alibaba alphabet amgen anthem astrazeneca barclays bayer biogen
    blackrock bloomberg bmw boeing bosch bridgestone broadcom burberry cadbury capgemini carrefour caterpillar
    chevrolet chevron chrysler cigna citibank citigroup coca-cola colgate comcast costco cvs daimler danone deloitte
    deutsche disney ebay ericsson exxon exxonmobil facebook fedex ferrero fiat fidelity fujitsu genentech gilead
    glaxosmithkline google gucci harley-davidson heineken hermès hitachi honda honeywell hsbc huawei humana hyundai
    ikea infosys jpmorgan kodak kpmg kroger labcorp lego lenovo lexus lloyds lockheed logitech lufthansa lyft maersk
    marriott mastercard mazda mcdonald's mckesson medline medtronic mercedes-benz michelin mitsubishi moderna monsanto
    motorola nasdaq nestle nestlé netflix nike nikon nintendo nissan nokia northrop novartis nvidia optum panasonic
    paypal pepsi pepsico pfizer philips pricewaterhousecoopers procter puma qualcomm quest raytheon reddit reuters
    revlon rolex rolls-royce samsung sanofi santander siemens skoda sony spotify starbucks stellantis stryker subaru
    suzuki tencent teva thermo tiktok toshiba toyota tripadvisor twitch unilever unitedhealth vanguard verizon
    vodafone volkswagen volvo walgreens walmart wayfair westinghouse whirlpool xerox yahoo yamaha
    """
)

JOURNALS = words_of(
    """
    acad anesth anesthesiol biochem bmj bulletin cardiol cell chronicle cinahl circ clin cochrane courier dermatol dis
    dispatch embase emerg endocrinol engl examiner gastroenterol gazette guardian gynecol haematol hematol hepatol
    herald immunol infect inquirer intern jama lancet med medline metab microbiol mirror natl nature nejm nephrol
    neurol observer obstet oncol ophthalmol pediatr pharmacol physiol proc prospero psychiatr psychiatry pubmed radiol
    rheum rheumatol sentinel surg telegraph ther transplant tribune uptodate urol virol
    """
)

PHRASES = phrases_of(
    """
    alma mater, ann arbor, ann emerg, ann intern, ann neurol, ann oncol, ann rheum, ann surg, ann thorac, april fools,
    arnold chiari, austin flint, austin moore, ave maria, beck depression, ben nevis, betty crocker, big ben,
    billy goat, black friday, bloody mary, boston scientific, braxton hicks, calvin klein, carolina panthers,
    charles schwab, charlie horse, christian dior, dairy queen, dave & buster's, de quervain, di george, don quixote,
    dow jones, dr martens, dr pepper, edwards lifesciences, eli lilly, ernst & young, ernst young, estee lauder,
    estée lauder, famous amos, fannie mae, florence nightingale, freddie mac, general electric,
    george mason university, george washington university, georgia tech, giorgio armani, goldman sachs,
    good samaritan, graham steell, grant thornton, guillain barre, hail mary, hamilton anxiety, hamilton depression,
    harley davidson, helen of troy, hello kitty, henry schein, hester davis, humpty dumpty, johns hopkins fall,
    hewlett packard, hugo boss, jack daniel's,
    jack daniels, jackson pratt, jane street, jc penney, jehovah's witness, jenny craig, jiffy lube, jim beam,
    john deere, john hancock, johnnie walker, johns hopkins, johnson & johnson, johnson controls, kaiser permanente,
    king arthur, la quinta, lake placid, land rover, lean cuisine, lehman brothers, levi strauss, lockheed martin,
    lord & taylor, lou gehrig, lou gehrig's, louis vuitton, marcus gunn, mardi gras, marks & spencer,
    martin luther king, mary kay, mason dixon, mayo clinic, merrill lynch, michael kors, mickey mouse,
    mills peninsula, mini cooper, monte carlo, morgan stanley, mount sinai, mr clean, mr coffee, mrs dash, ms excel,
    ms teams, ms windows, ms word, murphy's law, newton wellesley, notre dame, old navy, olive garden, oscar mayer,
    otis elevator, papa john's, papa johns, parker hannifin, peter pan, philip morris, pizza hut, planned parenthood,
    pratt & whitney, pratt whitney, price waterhouse, procter & gamble, ralph lauren, raymond james, red bull,
    red cross, robin hood, rolls royce, ronald mcdonald, rosetta stone, royal bank, russell stover, saint joseph's,
    sam adams, sam's club, samuel adams, santa claus, sara lee, scotts miracle, sears roebuck, sherwin williams,
    smith & nephew, smith & wesson, smith barney, smith wesson, spring boot, st jude, st jude medical, stanley cup,
    starling bank, stryker corp, swan ganz, taco bell, thomas jefferson university, tim hortons, tommy hilfiger,
    tommy john, trader joe's, tyson foods, uncle sam, under armour, van nuys, vera bradley, virginia mason,
    virginia tech, von willebrand, waffle house, walt disney, warner bros, washington post, wells fargo, whole foods,
    william sonoma, hong kong, denver ii, williams sonoma, winston salem, young mania, yum brands,
    yves saint laurent, zoom video
    """
)
"""Two words or more that would read as somebody's name, and are no person, or nobody who is meant."""
